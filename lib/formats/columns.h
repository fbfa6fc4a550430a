/* SPDX-License-Identifier: MIT */
/* columns.h -- numbers in a line of text, divided by a byte of your choice and by nothing else.
 *
 * A line is one of input_line: a newline stands behind it. Spaces, and a carriage return, may end
 * it; `end` is in front of these.
 */
#ifndef SGNS_COLUMNS_H
#define SGNS_COLUMNS_H

#include "base/input.h"

/* The length of a line without what may end it. */
size_t columns_trim(const char *line, size_t length);

/* The start of the last column that ends at `end`. */
const char *columns_last(const char *line, const char *end, char separator);

/* Whether a column is a number, finite or beyond single precision. */
bool columns_number(const char *column, const char *end);

/* How many columns at the end of a line are numbers, the first column, a word, not among them;
 * stops behind DIM_MAX. */
uint32_t columns_at_end(const char *line, size_t length, char separator);

/* Reads n finite numbers. Returns whether these are all that is there. */
bool columns_read(const char *column, const char *end, char separator, float *number, uint32_t n);

/* Says why the line does not end in n finite numbers, behind a word or not. Returns −1. */
int columns_fault(const struct input *in, const char *line, const char *end, char separator,
                  bool word, uint32_t n, struct error *err);

#endif

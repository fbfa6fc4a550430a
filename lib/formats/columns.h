/* SPDX-License-Identifier: MIT */
/* columns.h -- numbers in a line of text, separated by exactly one byte, `separator`.
 *
 * A line comes from input_line(), with a newline after it. It may have trailing spaces and carriage
 * returns; `end` is the end of the line without these.
 */
#ifndef SGNS_COLUMNS_H
#define SGNS_COLUMNS_H

#include "base/input.h"

/* The length of a line without trailing spaces and carriage returns. */
size_t columns_trim(const char *line, size_t length);

/* The start of the column that ends at `end`. */
const char *columns_last(const char *line, const char *end, char separator);

/* Whether a column is a number, even one outside the range of float32. */
bool columns_is_number(const char *column, const char *end);

/* The number of columns at the end of a line that are numbers, at most DIM_MAX + 1. Never counts
 * the first column, which is a word. */
uint32_t columns_count_numbers(const char *line, size_t length, char separator);

/* Reads n finite numbers into number (n). Returns whether the columns from `column` to `end` are
 * exactly these. */
bool columns_read(const char *column, const char *end, char separator, float *number, uint32_t n);

/* Reports why the line does not end in exactly n finite numbers, after a word if `has_word`.
 * Returns -1. */
int columns_fault(const struct input *in, const char *line, const char *end, char separator,
                  bool has_word, uint32_t n, struct error *err);

#endif

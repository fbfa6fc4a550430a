/* SPDX-License-Identifier: MIT */
/* columns.h -- numbers in a line of text, separated by exactly one byte, `separator`.
 *
 * A line comes from input_line(), with a newline after it. It may have trailing spaces, tabs and
 * carriage returns; `end` is the end of the line without these.
 */
#ifndef SGNS_COLUMNS_H
#define SGNS_COLUMNS_H

#include "base/input.h"

/* The length of a line without trailing spaces, tabs and carriage returns. */
size_t columns_trim(const char *line, size_t length);

/* The start of the column that ends at `end`. */
const char *columns_last(const char *line, const char *end, char separator);

/* Whether a column is a number, even one outside the range of float32, or NaN or infinity as any
 * program prints them. */
bool columns_is_number(const char *column, const char *end);

/* Whether all columns from `column` to `end` have only digits. */
bool columns_are_integers(const char *column, const char *end, char separator);

/* The number of columns at the end of a line that are numbers, at most DIM_MAX + 1. Never counts
 * the first column, which is a word. */
uint32_t columns_count_numbers(const char *line, const char *end, char separator);

/* The start of the last n > 0 columns; NULL if there is no other column before them. */
const char *columns_start(const char *line, const char *end, char separator, uint32_t n);

/* Reads n finite numbers into number (n). Returns whether the columns from `column` to `end` are
 * exactly these. */
bool columns_read(const char *column, const char *end, char separator, float *number, uint32_t n);

/* Whether the columns from `column` to `end` are n numbers, some of which are not finite in single
 * precision. */
bool columns_are_nonfinite(const char *column, const char *end, char separator, uint32_t n);

/* How the rows of a file end: the decimal places of their last numbers. All fields zero: no row. */
struct columns_ends {
    uint64_t rows;
    size_t places; /* of the first row */
    bool same;     /* in all rows */
};

/* Adds a row of numbers that ends at `end`. */
void columns_add_end(struct columns_ends *ends, const char *line, const char *end);

/* Whether the last line of a file, which has no newline, was truncated inside its last number: that
 * has fewer decimal places than the other numbers of the line from `column` on, and than the last
 * numbers of all other lines, which all have equally many, and are at least four. */
bool columns_is_cut(const struct columns_ends *ends, const char *column, const char *end,
                    char separator);

/* Reports why the line does not end in exactly n finite numbers, after a word if `has_word`.
 * Returns -1. */
int columns_fault(const struct input *in, const char *line, const char *end, char separator,
                  bool has_word, uint32_t n, struct error *err);

#endif

/* SPDX-License-Identifier: MIT */
/* decimal.h -- float32 to decimal text and back, without losing a bit, in any locale. */
#ifndef SGNS_DECIMAL_H
#define SGNS_DECIMAL_H

#include <stddef.h>

enum { DECIMAL_MAX = 16 /* the most characters that are printed, as in -1.23456789e-38 */ };

/* Prints a finite number into `to`, which has room for DECIMAL_MAX characters, with the fewest
 * digits (at most nine) that read as the same float32. Returns the number of characters. Adds no
 * terminating zero. */
size_t decimal_print(float value, char *to);

/* Reads a decimal number (sign, digits, point, exponent; no white space) from the start of `text`.
 * A byte that cannot be part of a number must follow it. *value is the nearest float32, ties to
 * even, or infinite if the number is too large. Returns the end of the number, or NULL if `text`
 * does not start with one. */
const char *decimal_read(const char *text, float *value);

#endif

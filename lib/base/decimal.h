/* SPDX-License-Identifier: MIT */
/* decimal.h -- float32 as decimal text and back, without a bit lost, whatever the locale. */
#ifndef SGNS_DECIMAL_H
#define SGNS_DECIMAL_H

#include <stddef.h>

enum { DECIMAL_MAX = 16 /* characters of the longest that is printed, as in -1.23456789e-38 */ };

/* Prints a finite number with the fewest digits, at most nine, that read as the same float32;
 * returns how many characters that is. Nothing closes them. */
size_t decimal_print(float value, char *to);

/* Reads a decimal number (sign, digits, point, exponent; no white space) from `text`, which a byte
 * follows that is no part of a number. *value is the float32 nearest to it, ties to even; infinite
 * where it is too large. Returns where the number ends, or NULL where there is none. */
const char *decimal_read(const char *text, float *value);

#endif

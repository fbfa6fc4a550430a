/* SPDX-License-Identifier: MIT */
/* escape.h -- escapes untrusted bytes for printing on a terminal or as JSON. */
#ifndef SGNS_ESCAPE_H
#define SGNS_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Decodes the UTF-8 character at the start of `text` (left ≥ 1 bytes). *character becomes its code
 * point. Returns its size in bytes, or 0 if there is no valid character. */
size_t utf8_decode(const char *text, size_t left, uint32_t *character);

/* Prints `length` bytes. Control characters (C0, DEL, and C1 in UTF-8) and bytes that are not valid
 * UTF-8 become \xNN; all others stay as they are. Write errors set the error indicator of
 * `file`. */
void escape_print(FILE *file, const char *text, size_t length);

/* The same into `to`, which has room for 4 × length bytes. Returns the number of bytes written.
 * Adds no terminating zero. */
size_t escape_copy(char *to, const char *text, size_t length);

/* Prints the bytes escaped if `terminal`, which says whether `file` is a terminal; else
 * unchanged. */
void escape_print_if(FILE *file, const char *text, size_t length, bool terminal);

/* Whether escape_print() would change any byte. */
bool escape_is_needed(const char *text, size_t length);

/* Prints the bytes as a JSON string, quotes included. Control characters are escaped. A byte XX
 * that is not part of valid UTF-8 becomes \udcXX, as with Python's "surrogateescape", so that
 * different texts never print alike. */
void escape_print_json(FILE *file, const char *text, size_t length);

#endif

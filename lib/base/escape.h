/* SPDX-License-Identifier: MIT */
/* escape.h -- bytes of unknown origin, made safe to print on a terminal or as JSON. */
#ifndef SGNS_ESCAPE_H
#define SGNS_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Bytes of the UTF-8 character that `text` (left ≥ 1) begins with, and its number; 0 where it begins
 * with none. */
size_t utf8_decode(const char *text, size_t left, uint32_t *character);

/* Prints the bytes: control characters (C0, DEL, and C1 in UTF-8) and what is no valid UTF-8 as
 * \xNN, the rest as they are. Errors are those of `file`. */
void escape_print(FILE *file, const char *text, size_t length);

/* The same into `to`, which has room for 4 × length bytes. Returns how many it has taken, without a
 * zero byte behind them. */
size_t escape_copy(char *to, const char *text, size_t length);

/* Prints them so where `file` is a terminal; else the bytes as they are. */
void escape_print_if(FILE *file, const char *text, size_t length, bool terminal);

/* Whether any byte of it has to be escaped. */
bool escape_is_needed(const char *text, size_t length);

/* Prints the bytes as a string of JSON, quotes included. Control characters are escaped; a byte XX
 * that is no part of valid UTF-8 becomes \udcXX, as in Python's "surrogateescape", so that no two
 * texts print alike. */
void escape_print_json(FILE *file, const char *text, size_t length);

#endif

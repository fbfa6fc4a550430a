/* SPDX-License-Identifier: MIT */
/* operands.h -- reads the operands of a command line as queries.
 *
 * A lone "+" or "-" between two operands joins them into a sum, and several into a longer one:
 * king - man + woman chip is the sum of three words, and a word. A "-" that comes first or last is
 * a query of its own, for standard input. A last operand that is a number is K, the number of
 * neighbours.
 */
#ifndef SGNS_OPERANDS_H
#define SGNS_OPERANDS_H

#include <stdbool.h>

#include "base/bytes.h"

struct operands {
    char *const *operand; /* (count) */
    int count, next;      /* next: index of the first one that is not taken yet */
    bool typed;           /* at a prompt: "-" is not standard input, so a sum is never K */
};

/* Whether the text consists of digits. */
bool operands_is_number(const char *text);

/* If the last operand is a number, and at least `least` others precede it, removes it and returns
 * 1; *k becomes its value. Else returns 0. An error of status 2: a number out of range, or one that
 * follows a sign, and may be K or the last word of a sum. */
int operands_take_k(struct operands *operands, int least, uint32_t *k, struct error *err) MUST_USE;

/* The next query, with spaces between its operands, becomes the content of `query`, with a zero
 * byte after it. Returns 1, or 0 if none is left, or -1: status 2 if signs follow each other. */
int operands_next(struct operands *operands, struct bytes *query, struct error *err) MUST_USE;

/* The number of queries, or -1 as operands_next. *from_stdin: one of them is "-"; two are an error
 * of status 2. */
int operands_queries(struct operands operands, bool *from_stdin, struct error *err) MUST_USE;

#endif

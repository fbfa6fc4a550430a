/* SPDX-License-Identifier: MIT */
/* word_list.h -- a list of words, one per line, in the order of their vectors: the second file of
 * formats that use two files.
 *
 * A line is a word. But if the first line contains a tab, the file is a table, as for TensorBoard's
 * projector: the first column has the words, and the first line has the names of the columns, unless
 * its second column is a number.
 */
#ifndef SGNS_WORD_LIST_H
#define SGNS_WORD_LIST_H

#include "base/input.h"

struct word_list {
    struct input *in;
    bool table;
    uint64_t counts; /* lines that look like a word and its count ... */
    char separator;  /* ... and what separates the two in the last of them */
};

/* Reads the next word, valid until the next call. At the end of the file fails with status 3. */
int word_list_next(struct word_list *list, const char **word, size_t *length,
                   struct error *err) MUST_USE;

/* Call this after the last vector; `rows` is the number of vectors. Fails with status 3 if there
 * are more words, or if all lines are a word and its count. */
int word_list_end(struct word_list *list, uint64_t rows, struct error *err) MUST_USE;

#endif

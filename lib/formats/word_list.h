/* SPDX-License-Identifier: MIT */
/* word_list.h -- a file of words, one a line, beside a file of their vectors.
 *
 * A line without a tab is a word. If the first line has one, the file is a table as TensorBoard's
 * projector knows it: the first line names its columns, and the first column has the words.
 */
#ifndef SGNS_WORD_LIST_H
#define SGNS_WORD_LIST_H

#include "base/input.h"

struct word_list {
    struct input *in;
    bool table;
};

/* The next word, which there must be, valid until the next call. */
int word_list_take(struct word_list *list, const char **word, size_t *length,
                   struct error *err) MUST_USE;

/* Behind the last of so many vectors: there must be no more words. */
int word_list_end(struct word_list *list, uint64_t rows, struct error *err) MUST_USE;

#endif

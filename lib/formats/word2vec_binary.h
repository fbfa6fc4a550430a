/* SPDX-License-Identifier: MIT */
/* word2vec_binary.h -- the binary format of word2vec: a line with the numbers of words and of
 * dimensions; then for each word its bytes, a space, and its float32, little-endian; behind these a
 * newline, or not: gensim writes none.
 */
#ifndef SGNS_WORD2VEC_BINARY_H
#define SGNS_WORD2VEC_BINARY_H

#include "formats/export.h"
#include "formats/import.h"

/* Reads the whole input. Newlines in front of a word are passed over, and one behind the last row.
 * With any_count the rows are as many as there are. */
int word2vec_binary_import(struct input *in, bool any_count, struct import *to,
                           struct error *err) MUST_USE;

/* The header is that of text_vectors.h. */
int word2vec_binary_export_row(struct export *to, uint32_t id, const float *row,
                               struct error *err) MUST_USE;

#endif

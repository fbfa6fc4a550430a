/* SPDX-License-Identifier: MIT */
/* word2vec_binary.h -- the binary format of word2vec: a header line with the number of words and
 * the dimension; then for each word its bytes, a space, its numbers (float32, little-endian), and
 * an optional newline, which gensim does not write.
 */
#ifndef SGNS_WORD2VEC_BINARY_H
#define SGNS_WORD2VEC_BINARY_H

#include "formats/export.h"
#include "formats/import.h"

/* Reads all of the input. Skips newlines before a word, and one after the last row. With
 * `ignore_count` reads all rows, whatever number the header declares. */
int word2vec_binary_import(struct input *in, bool ignore_count, struct import *to,
                           struct error *err) MUST_USE;

/* text_vectors_export_header() writes the header. */
int word2vec_binary_export_row(struct export *to, uint32_t id, const float *row,
                               struct error *err) MUST_USE;

#endif

/* SPDX-License-Identifier: MIT */
/* word2vec_binary.h -- the binary format of word2vec: a header line with the number of words and
 * the dimension; then for each word its bytes, a space, its numbers (float32, little-endian), and
 * an optional newline, which gensim does not write.
 *
 * Nothing marks where a word ends, and a word may contain spaces. So a row is read only if it is
 * certain. It is if a newline follows each row, as after the first one. Otherwise all words are free
 * of control characters, and all numbers of a size that trained vectors have; of several spaces
 * that may end the word, exactly one must lead to such numbers. A file out of step, because a byte
 * is missing or the dimension is wrong, soon has a row for which there is no such space.
 */
#ifndef SGNS_WORD2VEC_BINARY_H
#define SGNS_WORD2VEC_BINARY_H

#include "formats/export.h"
#include "formats/import.h"

/* Reads all of the input. Skips newlines before a word, and one after the last row. */
int word2vec_binary_import(struct input *in, struct import *to, struct error *err) MUST_USE;

/* text_vectors_export_header() writes the header. */
int word2vec_binary_export_row(struct export *to, uint32_t id, const float *row,
                               struct error *err) MUST_USE;

#endif

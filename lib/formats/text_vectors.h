/* SPDX-License-Identifier: MIT */
/* text_vectors.h -- vectors as text: a word and its numbers in each line, with a space between them.
 *
 * word2vec and fastText (.vec) begin with a line of two numbers: words, and dimensions. GloVe does
 * not, unless it is told to; then it adds a row of <unk> that it does not count.
 */
#ifndef SGNS_TEXT_VECTORS_H
#define SGNS_TEXT_VECTORS_H

#include "formats/export.h"
#include "formats/import.h"

enum text_header { TEXT_HEADER, TEXT_HEADER_OR_NOT };

/* Reads the whole input. Columns are divided by the byte 0x20 alone, and counted from the right:
 * what stands before the numbers is the word. Spaces, and a carriage return, may end a line. */
int text_vectors_import(struct input *in, enum text_header header, bool any_count,
                        struct import *to, struct error *err) MUST_USE;

/* Whether a line is such a beginning; then its two numbers. */
bool text_vectors_is_header(const char *line, size_t length, uint64_t *words, uint64_t *dim);

int text_vectors_export_header(struct export *to, struct error *err) MUST_USE;
int text_vectors_export_row(struct export *to, uint32_t id, const float *row,
                            struct error *err) MUST_USE;

#endif

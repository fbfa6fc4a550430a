/* SPDX-License-Identifier: MIT */
/* text_vectors.h -- vectors as text: each line has a word and its numbers, separated by spaces.
 *
 * Files of word2vec and fastText (.vec) begin with a header line: the number of words and the
 * dimension. GloVe writes a header only on request; then it appends a row for <unk>, which the
 * header does not count.
 */
#ifndef SGNS_TEXT_VECTORS_H
#define SGNS_TEXT_VECTORS_H

#include "formats/export.h"
#include "formats/import.h"

enum text_header { TEXT_HEADER_REQUIRED, TEXT_HEADER_OPTIONAL };

/* Reads all of the input. Only the byte 0x20 separates columns. Columns are counted from the right:
 * everything before the numbers is the word. Lines may have trailing spaces and carriage returns.
 * With `ignore_count` reads all rows, whatever number the header declares. */
int text_vectors_import(struct input *in, enum text_header header, bool ignore_count,
                        struct import *to, struct error *err) MUST_USE;

/* Whether a line is a header; then stores its two numbers. */
bool text_vectors_is_header(const char *line, size_t length, uint64_t *words, uint64_t *dim);

int text_vectors_export_header(struct export *to, struct error *err) MUST_USE;
int text_vectors_export_row(struct export *to, uint32_t id, const float *row,
                            struct error *err) MUST_USE;

#endif

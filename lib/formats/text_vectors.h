/* SPDX-License-Identifier: MIT */
/* text_vectors.h -- vectors as text: each line has a word and its numbers, separated by spaces, or
 * by tabs, or by a tab after the word and spaces between the numbers.
 *
 * Files of word2vec and fastText (.vec) begin with a header line: the number of words and the
 * dimension. GloVe writes a header only on request; then it appends a row for <unk>, which the
 * header does not count. deeplearning4j writes a third number into the header.
 */
#ifndef SGNS_TEXT_VECTORS_H
#define SGNS_TEXT_VECTORS_H

#include "formats/export.h"
#include "formats/import.h"

enum text_header { TEXT_HEADER_REQUIRED, TEXT_HEADER_OPTIONAL };

/* Reads all of the input. The first row decides about the separators, each of them one space or one
 * tab. Columns are counted from the right: everything before the numbers is the word, which may
 * contain spaces, and end in a number if the header, or the row itself, leaves no doubt about the
 * dimension. Lines may have trailing spaces, tabs and carriage returns. */
int text_vectors_import(struct input *in, enum text_header header, struct import *to,
                        struct error *err) MUST_USE;

/* Whether a line is a header; then stores its two numbers, else zeros. */
bool text_vectors_is_header(const char *line, size_t length, uint64_t *words, uint64_t *dim);

/* What the first two lines of an input look like. */
struct text_start {
    size_t length; /* of the first line, with its newline */
    bool header;   /* the first line may be a header: `words` and `dim` */
    uint64_t words, dim;
    bool row_follows;      /* there is a second line */
    uint32_t numbers;      /* in the second line, after the word */
    uint32_t dim_of_rows;  /* if the first line is a row: the dimension; 0: it is not */
    uint32_t after_commas; /* numbers at the end of the second line (else the first), if separated
                              by commas, which no format has; without the first of all columns */
    bool only_numbers;     /* both lines are numbers, separated by tabs, without a word */
};

/* Whether the first line is a header if the format has one. A word that is a whole number, with a
 * vector of one whole number, looks the same as a header with a dimension of 1. */
static inline bool text_start_has_header(const struct text_start *start)
{
    return start->header && start->words > 0 && start->dim > 1 && start->dim <= DIM_MAX;
}

/* Looks at the first two lines without taking them. */
int text_vectors_look(struct input *in, struct text_start *start, struct error *err) MUST_USE;

int text_vectors_export_header(struct export *to, struct error *err) MUST_USE;
int text_vectors_export_row(struct export *to, uint32_t id, const float *row,
                            struct error *err) MUST_USE;

#endif

/* SPDX-License-Identifier: MIT */
/* import.h -- words and vectors of another program's file, on their way to a stream or another file.
 *
 * Such files tell a word and its vector, then the next; a stream has all words first. So the words
 * are held here, and the vectors, unless they are few, pass through a temporary file.
 */
#ifndef SGNS_IMPORT_H
#define SGNS_IMPORT_H

#include "base/input.h"
#include "base/spool.h"
#include "stream/vectors.h"

/* Rows that were left out. */
struct import_skipped {
    uint64_t count;
    uint64_t first; /* the line, or the number of the row, of the first one */
};

/* All zero is an empty one. */
struct import {
    struct vocab vocab; /* every count is 0: not known */
    struct word_index *index;
    uint32_t dim;
    bool spooled; /* the rows before those in `pending` are in a temporary file */
    struct spool spool;
    float *pending; /* (pending_rows × dim) */
    size_t pending_capacity;
    uint32_t pending_rows;
    uint64_t read;                 /* rows of the file, with those left out */
    struct import_skipped again;   /* the word was there before */
    struct import_skipped no_word; /* empty, or with a zero byte or white space in it */
    uint64_t declared;             /* rows that the file says it has; 0: it does not say */
    bool latest_unknown;           /* the word of the latest row was <unk> */
    bool rounded;                  /* its numbers are of double precision */
};

void import_release(struct import *import);

/* Before the first row: how long all of them are, 1 … DIM_MAX. */
int import_start(struct import *import, uint32_t dim, struct error *err) MUST_USE;

/* The next row of the file (dim): all finite. `where` is its line, or its number. A word that was
 * there before, or that cannot be one of a vocabulary, is left out and counted. */
int import_row(struct import *import, const char *word, size_t length, const float *row,
               uint64_t where, struct error *err) MUST_USE;

/* Behind the last row. `in` is the file, for a fault where no word is left. */
int import_finish(struct import *import, const struct input *in, struct error *err) MUST_USE;

/* Copies rows first … first + count − 1, of those that were not left out, into rows (count × dim). */
int import_read(const struct import *import, uint32_t first, uint32_t count, float *rows,
                struct error *err) MUST_USE;

/* Whether all are finite. */
bool import_finite(const float *value, size_t n);

/* Behind the last row: whether the file has as many rows as it says, or one more of <unk>, which
 * GloVe puts last and does not count. An error of status 3 where not, unless `any_count`. */
int import_check_count(const struct import *import, const struct input *in, bool any_count,
                       struct error *err) MUST_USE;

#endif

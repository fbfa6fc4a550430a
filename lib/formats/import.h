/* SPDX-License-Identifier: MIT */
/* import.h -- reads words and vectors from a file of another program.
 *
 * Such files have each word with its vector; a stream has all words first. So an import keeps the
 * words in memory, and spills the vectors to a temporary file unless they are few.
 */
#ifndef SGNS_IMPORT_H
#define SGNS_IMPORT_H

#include "base/input.h"
#include "base/spool.h"
#include "stream/vectors.h"

/* Rows that were skipped. */
struct import_skipped {
    uint64_t count;
    uint64_t first; /* the line number, or the row number, of the first one */
};

/* All fields zero: an empty import. */
struct import {
    struct vocab vocab; /* every count is 0: unknown */
    struct word_index *index;
    uint32_t dim;
    bool spooled; /* the rows before those in `pending` are in the spool */
    struct spool spool;
    float *pending; /* (pending_rows × dim) */
    size_t pending_capacity;
    uint32_t pending_rows;
    uint64_t rows_read;               /* skipped ones too */
    struct import_skipped duplicates; /* rows whose word occurred before */
    struct import_skipped invalid;    /* rows whose word word_is_valid() rejects */
    uint64_t declared;                /* number of rows according to the file; 0: unknown */
    bool last_is_unknown;             /* the word of the latest row is <unk> */
    bool rounded;                     /* the file has numbers of double precision */
    void (*progress)(void);           /* called from time to time; NULL: never called */
};

void import_release(struct import *import);

/* Call this before the first row; `dim` is the dimension of all rows, 1 … DIM_MAX. */
int import_start(struct import *import, uint32_t dim, struct error *err) MUST_USE;

/* Adds the next row of the file (dim), which must be finite, and its word (length bytes).
 * `position` is its line number or row number. Skips and counts a row whose word occurred before,
 * or is invalid in a vocabulary. */
int import_row(struct import *import, const char *word, size_t length, const float *row,
               uint64_t position, struct error *err) MUST_USE;

/* Call this after the last row. Fails with status 3 and the name of `in` if no row is left. */
int import_finish(struct import *import, const struct input *in, struct error *err) MUST_USE;

/* Copies the rows first … first + count − 1, not counting skipped ones, into rows (count × dim). */
int import_read(const struct import *import, uint32_t first, uint32_t count, float *rows,
                struct error *err) MUST_USE;

/* Whether all n numbers are finite. */
bool import_finite(const float *value, size_t n);

/* Call this after the last row. Fails with status 3 unless the file has as many rows as it
 * declares, or one more for <unk>, which GloVe writes last and does not count. Never fails with
 * `ignore_count`. */
int import_check_count(const struct import *import, const struct input *in, bool ignore_count,
                       struct error *err) MUST_USE;

#endif

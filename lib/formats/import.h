/* SPDX-License-Identifier: MIT */
/* import.h -- reads words and vectors from a file of another program.
 *
 * Such files have each word with its vector; a stream has all words first. So an import keeps the
 * words in memory, and spills the vectors to a temporary file unless they are few, or wanted in
 * memory.
 *
 * A vocabulary has no word with a space. A word that contains some, such as "new york", gets
 * underscores instead, as word2phrase writes it. The words of deeplearning4j are in base64 after
 * "B64:", and are decoded if the first word of the file is one of these.
 */
#ifndef SGNS_IMPORT_H
#define SGNS_IMPORT_H

#include "base/bytes.h"
#include "base/input.h"
#include "base/spool.h"
#include "stream/vectors.h"

/* What to do about rows that are not finite, for messages. */
#define IMPORT_SKIP_NONFINITE "sgns-convert --skip-nonfinite skips such rows"

/* Rows of one kind. */
struct import_tally {
    uint64_t count;
    uint64_t first; /* the line number, or the row number, of the first one */
};

/* All fields zero: an empty import. */
struct import {
    /* Set by the caller: */
    bool ignore_count;      /* read all rows, whatever number the file declares */
    bool skip_nonfinite;    /* skip rows that are not finite instead of refusing the file */
    bool in_memory;         /* keep all rows in memory */
    void (*progress)(void); /* called from time to time; NULL: never called */

    struct vocab vocab; /* every count is 0: unknown */
    struct word_index *index;
    uint32_t dim;
    bool spooled; /* the rows before those in `pending` are in the spool */
    struct spool spool;
    float *pending; /* (pending_rows × dim) */
    size_t pending_capacity;
    uint32_t pending_rows;
    struct bytes word, decoded; /* scratch */

    uint64_t rows_read; /* skipped ones too */
    /* Skipped rows: */
    struct import_tally duplicates; /* the word occurred before */
    struct import_tally invalid;    /* word_is_valid() rejects the word */
    struct import_tally nonfinite;  /* a number is not finite in single precision */
    /* Rows whose word was changed, or looks as if it should be: */
    struct import_tally joined;  /* spaces became underscores */
    struct import_tally encoded; /* the word begins with B64: */
    bool decodes;                /* so did the first word: all were decoded */
    struct import_tally plain;   /* if so, rows whose word is not encoded */
    struct import_tally no_text; /* in a binary file: the word is not UTF-8 */

    uint64_t declared;    /* number of rows according to the file; 0: unknown */
    bool last_is_unknown; /* the word of the latest row is <unk> */
    bool rounded;         /* the file has numbers of double precision */
    bool unterminated;    /* the file is text, and its last line has no newline */
};

void import_release(struct import *import);

/* Call this before the first row; `dim` is the dimension of all rows, 1 … DIM_MAX. */
int import_start(struct import *import, uint32_t dim, struct error *err) MUST_USE;

/* Whether a word begins with B64:. */
bool import_is_encoded(const char *word, size_t length);

/* Counts a row. */
void import_count(struct import_tally *tally, uint64_t position);

/* Adds the next row of the file (dim), and its word (length bytes); the row is NULL if it is not
 * finite. `position` is its line number or row number. Skips and counts a row that is not finite,
 * or whose word occurred before, or is invalid in a vocabulary. */
int import_row(struct import *import, const char *word, size_t length, const float *row,
               uint64_t position, struct error *err) MUST_USE;

/* Call this after the last row. Fails with status 3 if no row is left, with the name and the
 * position in the input `words`, which the words come from. */
int import_finish(struct import *import, const struct input *words, struct error *err) MUST_USE;

/* Copies the rows first … first + count − 1, not counting skipped ones, into rows (count × dim). */
int import_read(const struct import *import, uint32_t first, uint32_t count, float *rows,
                struct error *err) MUST_USE;

/* Whether all n numbers are finite. */
bool import_finite(const float *value, size_t n);

/* Call this after the last row. Fails with status 3 unless the file has as many rows as it
 * declares, or one more for <unk>, which GloVe writes last and does not count. Never fails with
 * `ignore_count`. */
int import_check_count(const struct import *import, const struct input *in,
                       struct error *err) MUST_USE;

/* Calls `note` with a line of text for everything that the user should know about rows that were
 * skipped, words that were changed, and the file `in`. */
void import_note(const struct import *import, const struct input *in,
                 void (*note)(const char *format, ...));

#endif

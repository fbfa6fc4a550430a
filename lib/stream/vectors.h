/* SPDX-License-Identifier: MIT */
/* vectors.h -- vectors streams: one vector for each word of the vocabulary.
 *
 * A row is the vector of a word: `dim` numbers of float32. Rows are in the order of the ids.
 */
#ifndef SGNS_VECTORS_H
#define SGNS_VECTORS_H

#include <stdbool.h>
#include <stdint.h>

#include "stream/header.h"

enum { DIM_MAX = 65536 };

/* ---- reading ---- */

struct vectors_reader {
    struct stream_reader *stream;
    struct header header;
    uint32_t dim;
    uint32_t rows; /* read so far; verified against END at the end */
    float *value;  /* the latest chunk of rows */
    size_t capacity;
    /* Called, if not NULL, with `checkpoint_data` and each record of a checkpoint, which are
     * between the rows and END. Returns 0 or -1. */
    int (*checkpoint)(void *data, const struct record *record, struct error *err);
    void *checkpoint_data;
    void (*progress)(void); /* called, if not NULL, for each record of rows or of a checkpoint */
};

/* Reads preamble and header. `name`, for messages, must outlive the reader. On error there is
 * nothing to close. */
int vectors_reader_open(struct vectors_reader *reader, int fd, const char *name,
                        struct error *err) MUST_USE;
/* The same for an open stream, of which only the preamble has been read. Takes ownership of
 * `stream`, even on error. */
int vectors_reader_attach(struct vectors_reader *reader, struct stream_reader *stream,
                          struct error *err) MUST_USE;
void vectors_reader_close(struct vectors_reader *reader);

/* Reads the next chunk: the rows of the *count words from *first on, at reader->value
 * (*count × dim), all finite. They are valid until the next call. Returns 1, or 0 at the verified
 * end, or -1. */
int vectors_read(struct vectors_reader *reader, uint32_t *first, uint32_t *count,
                 struct error *err) MUST_USE;

/* Whether <unk> is in the vocabulary but was never trained: the vectors come from sgns-train, whose
 * minibatches do not contain it. */
bool vectors_lack_unknown(const struct header *header);

/* Reads all rows, to the verified end. Returns them (words × dim); the caller frees them. NULL on
 * error. */
float *vectors_read_all(struct vectors_reader *reader, struct error *err) MUST_USE;

/* ---- writing ---- */

struct vectors_writer {
    struct stream_writer *stream;
    uint32_t dim;
    uint32_t rows; /* written so far */
    struct bytes record;
};

/* Writes preamble and header. `name`, for messages, must outlive the writer. On error there is
 * nothing to close. */
int vectors_writer_open(struct vectors_writer *writer, int fd, const char *name,
                        const struct header *header, uint32_t dim, struct error *err) MUST_USE;
/* Appends the next `count` rows (count × dim), at most vectors_rows_per_record(dim). */
int vectors_write(struct vectors_writer *writer, const float *rows, uint32_t count,
                  struct error *err) MUST_USE;
/* Appends a record of a checkpoint; all rows must have been written. */
int vectors_write_checkpoint(struct vectors_writer *writer, enum record_type type, const void *data,
                             size_t size, struct error *err) MUST_USE;
/* Appends END. */
int vectors_writer_finish(struct vectors_writer *writer, struct error *err) MUST_USE;
/* Releases the writer, finished or not; does not close the descriptor. */
void vectors_writer_close(struct vectors_writer *writer);

/* The number of rows, at least 1, in a record of about 1 MiB. */
uint32_t vectors_rows_per_record(uint32_t dim);

#endif

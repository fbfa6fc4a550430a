/* SPDX-License-Identifier: MIT */
/* vectors.h -- one vector per word: vectors streams.
 *
 * Rows are float32, in the order of the ids, `dim` numbers each.
 */
#ifndef SGNS_VECTORS_H
#define SGNS_VECTORS_H

#include <stdint.h>

#include "stream/header.h"

enum { DIM_MAX = 65536 };

/* ---- reading ---- */

struct vectors_reader {
    struct stream_reader *stream;
    struct header header;
    uint32_t dim;
    uint32_t rows; /* read so far; at the end all, verified against END */
    float *value;  /* the latest chunk */
    size_t capacity;
    /* Gets the records of a checkpoint, which stand between the rows and END; NULL: these are passed
     * over. */
    int (*checkpoint)(void *data, const struct record *record, struct error *err);
    void *checkpoint_data;
};

/* Reads preamble and header. `name` must outlive the reader. On error there is nothing to close. */
int vectors_reader_open(struct vectors_reader *reader, int fd, const char *name,
                        struct error *err) MUST_USE;
/* The same over a stream that was opened already; takes it over, also on error. */
int vectors_reader_attach(struct vectors_reader *reader, struct stream_reader *stream,
                          struct error *err) MUST_USE;
void vectors_reader_close(struct vectors_reader *reader);

/* The next rows: *count of them, the first that of word *first, at reader->value (*count × dim),
 * all finite. Returns 1, or 0 at the verified end, or -1. */
int vectors_read(struct vectors_reader *reader, uint32_t *first, uint32_t *count,
                 struct error *err) MUST_USE;

/* All rows (words × dim), which are the caller's to free. NULL on error. */
float *vectors_read_all(struct vectors_reader *reader, struct error *err) MUST_USE;

/* ---- writing ---- */

struct vectors_writer {
    struct stream_writer *stream;
    uint32_t dim;
    uint32_t rows; /* written so far */
    struct bytes record;
};

/* Writes preamble and header. On error there is nothing to close. */
int vectors_writer_open(struct vectors_writer *writer, int fd, const char *name,
                        const struct header *header, uint32_t dim, struct error *err) MUST_USE;
/* Appends the next `count` rows (count × dim); count is at most vectors_rows_per_record(dim). */
int vectors_write(struct vectors_writer *writer, const float *rows, uint32_t count,
                  struct error *err) MUST_USE;
/* Appends a record of a checkpoint, behind all rows. */
int vectors_write_checkpoint(struct vectors_writer *writer, enum record_type type, const void *data,
                             size_t size, struct error *err) MUST_USE;
int vectors_writer_finish(struct vectors_writer *writer, struct error *err) MUST_USE;
void vectors_writer_close(struct vectors_writer *writer);

/* How many rows of `dim` numbers make a record of about 1 MiB; at least 1. */
uint32_t vectors_rows_per_record(uint32_t dim);

#endif

/* SPDX-License-Identifier: MIT */
/* reader.h -- the container: typed records, compressed and checked, through pipes and files.
 *
 * Layout: FORMAT.md; this header says only how to use it. A writer is opened, given records, and
 * finished; a stream that was not finished has no END and every reader refuses it. A reader hands
 * out the records up to END and verifies END itself. The file descriptor stays the caller's. After
 * an error the only thing to do is to close. A stream is used by one thread.
 *
 * Sizes are in bytes. Errors of a broken input have status 3 and name the compressed offset and the
 * record; those of the machine (read, write, memory) have status 1.
 */
#ifndef SGNS_READER_H
#define SGNS_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum stream_kind {
    STREAM_ANY = 0,
    STREAM_CORPUS = 1,
    STREAM_BATCHES = 2,
    STREAM_VECTORS = 3,
    STREAM_COUNTS = 4
};

/* "corpus", "batch", "vectors" or "counts". */
const char *stream_kind_name(enum stream_kind kind);

enum record_type {
    RECORD_PROVENANCE = 1,
    RECORD_WORDS = 2,
    RECORD_SHAPE = 3,
    RECORD_TOKENS = 16,
    RECORD_EXAMPLES = 17,
    RECORD_ROWS = 18,
    RECORD_TRAINING = 19,
    RECORD_STATE = 20,
    RECORD_END = 255
};

enum {
    STREAM_MAJOR = 1,
    STREAM_MINOR = 0,
    STREAM_MAX_RECORD = 16 << 20, /* bytes of content */
    STREAM_TOTALS = 3             /* numbers in END that depend on the kind */
};

/* Whether these bytes begin like a stream, or like anything else that zstd compressed. *kind is then
 * the stream's, or STREAM_ANY where it is none. For readers of other things, to name what they got. */
bool stream_recognise(const void *data, size_t size, enum stream_kind *kind);

/* ---- reading ---- */

struct stream_reader;

struct record {
    enum record_type type;
    const uint8_t *data; /* lent: valid until the next call on the reader */
    size_t size;
};

/* Reads the preamble from `fd`. `name` is how messages call the input and must outlive the reader.
 * Refuses any kind but `expected` (STREAM_ANY takes all). NULL on error. */
struct stream_reader *stream_reader_open(int fd, const char *name, enum stream_kind expected,
                                         struct error *err) MUST_USE;
/* The same where the first `size` bytes were read already, to see what the input is; they are
 * copied. */
struct stream_reader *stream_reader_open_begun(int fd, const char *name, enum stream_kind expected,
                                               const void *begun, size_t size,
                                               struct error *err) MUST_USE;
/* Whether an input that begins so, with its first four bytes or all that it has, could be one. */
bool stream_begins(const void *data, size_t size);
void stream_reader_close(struct stream_reader *reader);

enum stream_kind stream_reader_kind(const struct stream_reader *reader);
void stream_reader_version(const struct stream_reader *reader, unsigned *major, unsigned *minor);

/* The next record of a known type. Returns 1, or 0 once END was read and verified with nothing
 * behind it, or -1. */
int stream_read(struct stream_reader *reader, struct record *record, struct error *err) MUST_USE;

/* From here on a thread of the reader's own reads and decodes ahead of stream_read, some megabytes
 * of it. Closing waits for that thread. */
int stream_read_ahead(struct stream_reader *reader, struct error *err) MUST_USE;

/* While the reader waits for input, also ahead, it asks this function now and then, on any thread;
 * true makes the read fail, with status 1. */
void stream_interrupt_when(struct stream_reader *reader, bool (*stop)(void));

/* A hash of everything up to and with the latest record: streams with the same hash began alike. */
uint64_t stream_hash(const struct stream_reader *reader);

/* The records that were read so far, skipped ones too, and the bytes of payload up to and with them. */
void stream_read_so_far(const struct stream_reader *reader, uint64_t *records, uint64_t *size);

/* After stream_read returned 0: the totals that END claims, for the kind's reader to compare. */
const uint64_t *stream_totals(const struct stream_reader *reader);

/* Reports a fault in the content of the latest record, at the reader's position. Returns -1. */
int stream_fault(const struct stream_reader *reader, struct error *err, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* ---- writing ---- */

struct stream_writer;

/* Writes the preamble to `fd`. NULL on error. */
struct stream_writer *stream_writer_open(int fd, const char *name, enum stream_kind kind,
                                         struct error *err) MUST_USE;

/* Appends a record of at most STREAM_MAX_RECORD bytes. */
int stream_write(struct stream_writer *writer, enum record_type type, const void *data, size_t size,
                 struct error *err) MUST_USE;

/* Appends END and writes out what is buffered. */
int stream_writer_finish(struct stream_writer *writer, const uint64_t totals[STREAM_TOTALS],
                         struct error *err) MUST_USE;

/* Releases the writer, finished or not; does not close the descriptor. */
void stream_writer_close(struct stream_writer *writer);

/* A run of records that any thread packs and compresses, as a frame of its own, for a writer to
 * append: so several threads can fill one stream. One frame, one thread at a time. */
struct stream_frame {
    void *zstd;
    uint64_t records;
    uint8_t *payload, *packed; /* the records; what they compress to */
    size_t payload_size, payload_capacity, packed_size, packed_capacity;
};

/* For a stream of this kind. On error there is nothing to release. */
int stream_frame_init(struct stream_frame *frame, enum stream_kind kind,
                      struct error *err) MUST_USE;
void stream_frame_release(struct stream_frame *frame);

/* Makes it empty, keeping its memory. */
void stream_frame_clear(struct stream_frame *frame);

/* Room for the content of a record, of at most `size` bytes, until the next call; NULL on error. */
uint8_t *stream_frame_reserve(struct stream_frame *frame, size_t size, struct error *err) MUST_USE;
/* Appends a record: the first `size` bytes, at most STREAM_MAX_RECORD, of that room. */
int stream_frame_add(struct stream_frame *frame, enum record_type type, size_t size,
                     struct error *err) MUST_USE;
/* Compresses what was added; it can then be written. */
int stream_frame_pack(struct stream_frame *frame, struct error *err) MUST_USE;

/* Appends the records of a packed frame. */
int stream_write_frame(struct stream_writer *writer, const struct stream_frame *frame,
                       struct error *err) MUST_USE;

#endif

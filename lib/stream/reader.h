/* SPDX-License-Identifier: MIT */
/* reader.h -- reading a stream: typed records, decompressed and checked.
 *
 * The layout is in FORMAT.md. A reader hands out the records up to END, and verifies END itself: a
 * stream that was not finished has none, and is refused. The file descriptor stays the caller's. After
 * an error the only valid call is close. A reader is used by one thread.
 *
 * Sizes are in bytes. Errors of the input have status 3 and name the compressed offset and the record;
 * errors of the system (read, memory) have status 1.
 */
#ifndef SGNS_READER_H
#define SGNS_READER_H

#include "base/error.h"
#include "stream/layout.h"

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

#endif

/* SPDX-License-Identifier: MIT */
/* reader.h -- reads a stream: typed records, decompressed and checked.
 *
 * FORMAT.md specifies the format. A reader returns the records before END, and verifies END itself:
 * an incomplete stream has no END, and is refused. The caller keeps the file descriptor. After an
 * error the only valid call is stream_reader_close(). Only one thread may use a reader.
 *
 * Sizes are in bytes. Errors of the input have status 3 and name the byte offset in the compressed
 * input and the record; errors of the system (read, memory) have status 1.
 */
#ifndef SGNS_READER_H
#define SGNS_READER_H

#include "base/error.h"
#include "stream/layout.h"

struct stream_reader;

struct record {
    enum record_type type;
    const uint8_t *data; /* the content; belongs to the reader, valid until its next call */
    size_t size;
};

/* Reads the preamble from `fd`. `name` is the name of the input in messages and must outlive the
 * reader. Refuses every kind but `expected`; STREAM_ANY accepts all. NULL on error. */
struct stream_reader *stream_reader_open(int fd, const char *name, enum stream_kind expected,
                                         struct error *err) MUST_USE;
/* The same if the first bytes of the input were already read from `fd`, to detect its format: they
 * are in `prefix` (prefix_size), and are copied. */
struct stream_reader *stream_reader_open_prefixed(int fd, const char *name,
                                                  enum stream_kind expected, const void *prefix,
                                                  size_t prefix_size, struct error *err) MUST_USE;
void stream_reader_close(struct stream_reader *reader);

enum stream_kind stream_reader_kind(const struct stream_reader *reader);
void stream_reader_version(const struct stream_reader *reader, unsigned *major, unsigned *minor);

/* Reads the next record of a known type. Returns 1, or 0 after it has verified END and that nothing
 * follows END, or -1. */
int stream_read(struct stream_reader *reader, struct record *record, struct error *err) MUST_USE;

/* Starts a thread that reads and decodes ahead of stream_read(), up to some megabytes, unless the
 * system starts no more threads. Closing the reader waits for this thread. */
int stream_read_ahead(struct stream_reader *reader, struct error *err) MUST_USE;

/* While the reader waits for input, also ahead of stream_read(), it calls `stop` several times a
 * second, on any thread. If `stop` returns true, the read fails with status 1. */
void stream_interrupt_when(struct stream_reader *reader, bool (*stop)(void));

/* XXH64 of the payload up to the end of the latest record: streams with the same hash are the same
 * up to there. */
uint64_t stream_hash(const struct stream_reader *reader);

/* The number of records read so far, skipped ones too, and of bytes of payload up to the end of the
 * latest one. */
void stream_read_so_far(const struct stream_reader *reader, uint64_t *records, uint64_t *size);

/* After stream_read() returned 0: the STREAM_TOTALS totals in END. The reader of each kind compares
 * them with what it has read. */
const uint64_t *stream_totals(const struct stream_reader *reader);

/* Reports invalid content of the latest record, with the reader's position. Returns -1. */
int stream_fault(const struct stream_reader *reader, struct error *err, const char *format, ...)
    PRINTF_LIKE(3, 4);

#endif

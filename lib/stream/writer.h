/* SPDX-License-Identifier: MIT */
/* writer.h -- writes a stream: compressed records, and an END that makes it complete.
 *
 * FORMAT.md specifies the format. Open a writer, write records, and finish it: otherwise the stream
 * has no END, and every reader refuses it. The caller keeps the file descriptor. After an error the
 * only valid call is stream_writer_close(). Only one thread may use a writer; other threads may
 * fill frames. Sizes are in bytes; errors have status 1.
 */
#ifndef SGNS_WRITER_H
#define SGNS_WRITER_H

#include "base/error.h"
#include "stream/layout.h"

struct stream_writer;

/* Writes the preamble to `fd`. `name` is the name of the output in messages and must outlive the
 * writer. NULL on error. */
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

/* Consecutive records that are compressed as one zstd frame, for a writer to append. Several
 * threads can each fill a frame for the same stream; only one thread at a time may use a frame. */
struct stream_frame {
    void *zstd;
    uint64_t records;
    uint8_t *payload, *packed; /* the records; the zstd frame */
    size_t payload_size, payload_capacity, packed_size, packed_capacity;
};

/* Creates an empty frame for a stream of this kind. On error there is nothing to release. */
int stream_frame_init(struct stream_frame *frame, enum stream_kind kind,
                      struct error *err) MUST_USE;
void stream_frame_release(struct stream_frame *frame);

/* Removes all records, but keeps the memory. */
void stream_frame_clear(struct stream_frame *frame);

/* Returns room for the content of the next record, `size` bytes, valid until the next call; NULL on
 * error. */
uint8_t *stream_frame_reserve(struct stream_frame *frame, size_t size, struct error *err) MUST_USE;
/* Appends a record. Its content is the first `size` bytes of that room, at most
 * STREAM_MAX_RECORD. */
int stream_frame_add(struct stream_frame *frame, enum record_type type, size_t size,
                     struct error *err) MUST_USE;
/* Compresses the records, so that the frame can be written. */
int stream_frame_pack(struct stream_frame *frame, struct error *err) MUST_USE;

/* Appends the records of a packed frame. */
int stream_write_frame(struct stream_writer *writer, const struct stream_frame *frame,
                       struct error *err) MUST_USE;

#endif

/* SPDX-License-Identifier: MIT */
/* writer.h -- writing a stream: records, compressed, and an END that makes it complete.
 *
 * The layout is in FORMAT.md. A writer is opened, given records, and finished; without that the stream
 * has no END, and every reader refuses it. The file descriptor stays the caller's. After an error the
 * only valid call is close. A writer is used by one thread; frames may be filled by others.
 */
#ifndef SGNS_WRITER_H
#define SGNS_WRITER_H

#include "base/error.h"
#include "stream/layout.h"

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

/* SPDX-License-Identifier: MIT */
/* decoder.h -- decodes a stream: decompresses it into records, and checks all of the format except
 * the content of the records. Private to reader.c.
 */
#ifndef SGNS_DECODER_H
#define SGNS_DECODER_H

#include <stdarg.h>
#include <stdbool.h>

#include "base/bytes.h"
#include "stream/layout.h"

struct stream_decoder;

/* How much of the stream was decoded. */
struct stream_position {
    bool started;     /* the preamble was read */
    uint64_t byte;    /* compressed bytes */
    uint64_t record;  /* records, skipped ones too */
    uint64_t payload; /* bytes of payload up to the end of the latest record */
    uint64_t hash;    /* XXH64 of these bytes */
};

/* See stream_reader_open_prefixed() and stream_reader_close(). */
struct stream_decoder *stream_decoder_open(int fd, const char *name, enum stream_kind expected,
                                           const void *prefix, size_t prefix_size,
                                           struct error *err) MUST_USE;
void stream_decoder_close(struct stream_decoder *decoder);

enum stream_kind stream_decoder_kind(const struct stream_decoder *decoder);
void stream_decoder_version(const struct stream_decoder *decoder, unsigned *major, unsigned *minor);
struct stream_position stream_decoder_position(const struct stream_decoder *decoder);

/* See stream_interrupt_when(). */
void stream_decoder_interrupt_when(struct stream_decoder *decoder, bool (*stop)(void));

/* Stores the next record of a known type, header and content, in `record`, replacing what was
 * there. Returns 1, or 0 after it has verified END and that nothing follows END, or -1. */
int stream_decode(struct stream_decoder *decoder, struct bytes *record, struct error *err) MUST_USE;

/* After stream_decode() returned 0: the totals in END, see stream_totals(). */
const uint64_t *stream_decoder_totals(const struct stream_decoder *decoder);

/* Reports invalid input at a position. */
void stream_fault_at(const char *name, const struct stream_position *position, struct error *err,
                     const char *format, va_list args);

#endif

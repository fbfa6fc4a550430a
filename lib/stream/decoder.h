/* SPDX-License-Identifier: MIT */
/* decoder.h -- the inner half of reading a stream: bytes to records that were checked against
 * everything but their own meaning. Private to reader.c, which hands them out.
 */
#ifndef SGNS_DECODER_H
#define SGNS_DECODER_H

#include <stdarg.h>
#include <stdbool.h>

#include "base/bytes.h"
#include "stream/layout.h"

struct stream_decoder;

/* Where a reader is. */
struct stream_position {
    bool started;  /* the preamble was read */
    uint64_t byte; /* of the compressed input */
    uint64_t record;
    uint64_t payload; /* bytes of it up to here */
    uint64_t hash;    /* XXH64 of them */
};

/* As stream_reader_open_begun and stream_reader_close. */
struct stream_decoder *stream_decoder_open(int fd, const char *name, enum stream_kind expected,
                                           const void *begun, size_t size,
                                           struct error *err) MUST_USE;
void stream_decoder_close(struct stream_decoder *decoder);

enum stream_kind stream_decoder_kind(const struct stream_decoder *decoder);
void stream_decoder_version(const struct stream_decoder *decoder, unsigned *major, unsigned *minor);
struct stream_position stream_decoder_position(const struct stream_decoder *decoder);

/* As stream_interrupt_when. */
void stream_decoder_interrupt_when(struct stream_decoder *decoder, bool (*stop)(void));

/* Reads the next record of a known type, with its header, into `record`. Returns 1, or 0 once END
 * was read and verified with nothing behind it, or -1. */
int stream_decode(struct stream_decoder *decoder, struct bytes *record, struct error *err) MUST_USE;

/* After stream_decode returned 0: the totals of END, as stream_totals. */
const uint64_t *stream_decoder_totals(const struct stream_decoder *decoder);

/* Reports a fault of the input at a position. */
void stream_fault_at(const char *name, const struct stream_position *at, struct error *err,
                     const char *format, va_list args);

#endif

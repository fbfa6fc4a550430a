/* SPDX-License-Identifier: MIT */
/* layout.h -- the constants of FORMAT.md, and how to recognise a stream by its first bytes. */
#ifndef SGNS_LAYOUT_H
#define SGNS_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A byte above 127, the name, and every kind of line ending: what text transfers and terminals change. */
static const uint8_t stream_magic[8] = {0x89, 'S', 'G', 'N', 'S', '\r', '\n', 0x1a};

/* What every zstd frame begins with (RFC 8878). */
extern const uint8_t zstd_magic[4];

enum stream_kind {
    STREAM_ANY = 0,
    STREAM_CORPUS = 1,
    STREAM_BATCHES = 2,
    STREAM_VECTORS = 3,
    STREAM_COUNTS = 4
};

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
    STREAM_TOTALS = 3,            /* numbers in END that depend on the kind */
    PREAMBLE_SIZE = 16,
    RECORD_HEADER_SIZE = 8,
    END_SIZE = 48,      /* of the content of END */
    WINDOW_LOG_MAX = 23 /* 8 MiB */
};

/* "corpus", "batch", "vectors" or "counts". */
const char *stream_kind_name(enum stream_kind kind);

/* Whether an input that begins with these bytes, its first four or all that it has, could be a stream. */
bool stream_begins(const void *data, size_t size);

/* Whether these bytes are the start of zstd data. *kind is that of the stream in it, or STREAM_ANY if it
 * is not a stream. For readers of other formats, to name what they got. */
bool stream_recognise(const void *data, size_t size, enum stream_kind *kind);

#endif

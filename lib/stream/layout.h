/* SPDX-License-Identifier: MIT */
/* layout.h -- the constants of FORMAT.md. */
#ifndef SGNS_LAYOUT_H
#define SGNS_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A byte above 127, the name, CR LF, and Ctrl-Z: transfers in text mode and terminals change at
 * least one of these. */
static const uint8_t stream_magic[8] = {0x89, 'S', 'G', 'N', 'S', '\r', '\n', 0x1a};

/* The first bytes of every zstd frame (RFC 8878). */
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
    STREAM_TOTALS = 3,            /* numbers in END whose meaning depends on the kind */
    PREAMBLE_SIZE = 16,
    RECORD_HEADER_SIZE = 8,
    END_SIZE = 48,      /* bytes of content of END */
    WINDOW_LOG_MAX = 23 /* zstd window of 8 MiB */
};

/* "corpus", "batch", "vectors" or "counts"; "sgns" for STREAM_ANY. */
const char *stream_kind_name(enum stream_kind kind);

#endif

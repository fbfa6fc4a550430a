/* SPDX-License-Identifier: MIT */
/* layout.h -- what the two halves of stream.h, and quick_check.c, share. Private to them; see FORMAT.md. */
#ifndef SGNS_LAYOUT_H
#define SGNS_LAYOUT_H

#include <stdint.h>

/* A high byte, the name, and a line end of each kind: what text transfers and terminals mangle. */
static const uint8_t stream_magic[8] = {0x89, 'S', 'G', 'N', 'S', '\r', '\n', 0x1a};

enum {
    PREAMBLE_SIZE = 16,
    RECORD_HEADER_SIZE = 8,
    END_SIZE = 48,      /* of the content of END */
    WINDOW_LOG_MAX = 23 /* 8 MiB */
};

#endif

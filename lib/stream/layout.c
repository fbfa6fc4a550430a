/* SPDX-License-Identifier: MIT */
#include "stream/layout.h"

const uint8_t zstd_magic[4] = {0x28, 0xb5, 0x2f, 0xfd};

const char *stream_kind_name(enum stream_kind kind)
{
    switch (kind) {
    case STREAM_CORPUS:
        return "corpus";
    case STREAM_BATCHES:
        return "batch";
    case STREAM_VECTORS:
        return "vectors";
    case STREAM_COUNTS:
        return "counts";
    case STREAM_ANY:
        break;
    }
    return "sgns";
}

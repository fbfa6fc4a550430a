/* SPDX-License-Identifier: MIT */
#include "stream/layout.h"

#include <string.h>
#include <zstd.h>

#include "base/bytes.h"

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

bool stream_may_start_with(const void *data, size_t size)
{
    size_t known = size < sizeof zstd_magic ? size : sizeof zstd_magic;
    return known == 0 || memcmp(data, zstd_magic, known) == 0;
}

bool stream_recognise(const void *data, size_t size, enum stream_kind *kind)
{
    uint8_t preamble[PREAMBLE_SIZE];
    ZSTD_inBuffer in = {data, size, 0};
    ZSTD_outBuffer out = {preamble, sizeof preamble, 0};
    *kind = STREAM_ANY;
    if (size < sizeof zstd_magic || memcmp(data, zstd_magic, sizeof zstd_magic) != 0)
        return false;
    ZSTD_DCtx *zstd = ZSTD_createDCtx();
    if (zstd && !ZSTD_isError(ZSTD_decompressStream(zstd, &out, &in)) && out.pos == out.size &&
        memcmp(preamble, stream_magic, sizeof stream_magic) == 0) {
        uint32_t number = bytes_load_u32(preamble + sizeof stream_magic + 4);
        *kind = number <= STREAM_COUNTS ? (enum stream_kind)number : STREAM_ANY;
    }
    ZSTD_freeDCtx(zstd);
    return true;
}

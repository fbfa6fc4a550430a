/* SPDX-License-Identifier: MIT */
#include "token_store.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "memory.h"
#include "temporary.h"

enum { BLOCK_BYTES = STORE_BLOCK * sizeof(uint32_t) };

struct token_store {
    uint32_t *open; /* the block that is being filled, the last one of the text */
    size_t in_open;
    uint32_t **block; /* full ones in memory: the beginning of the text */
    size_t blocks, capacity;
    uint64_t most_blocks;
    size_t read; /* of those in memory, handed on */

    /* Full blocks in the temporary file: what comes behind those in memory. Each is its size as a
     * size_t and a zstd frame. */
    int fd; /* −1: there is none */
    uint64_t spilled;
    ZSTD_CCtx *zstd;
    ZSTD_DCtx *unzstd;
    uint16_t *halves; /* the low halves of a block's tokens, then the high ones */
    uint8_t *packed;
    size_t packed_capacity;
    uint32_t *lent; /* a block that came back from there */
    bool reading;
};

struct token_store *token_store_new(uint64_t memory, struct error *err)
{
    struct token_store *s = memory_new(1, sizeof *s, err);
    if (!s)
        return NULL;
    s->fd = -1;
    s->most_blocks = memory / BLOCK_BYTES;
    s->open = memory_new(STORE_BLOCK, sizeof *s->open, err);
    if (!s->open) {
        token_store_free(s);
        return NULL;
    }
    return s;
}

void token_store_free(struct token_store *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->blocks; i++)
        free(s->block[i]);
    free(s->block);
    free(s->open);
    free(s->lent);
    if (s->fd >= 0)
        close(s->fd);
    ZSTD_freeCCtx(s->zstd);
    ZSTD_freeDCtx(s->unzstd);
    free(s->halves);
    free(s->packed);
    free(s);
}

/* ---- the temporary file ---- */

static int file_failed(const char *what, struct error *err)
{
    return error_system(err, "temporary file in '%s': %s failed", temporary_folder(), what);
}

static int zstd_failed(size_t code, struct error *err)
{
    return error_set(err, STATUS_FAILED, "temporary file in '%s': %s", temporary_folder(),
                     ZSTD_getErrorName(code));
}

static int open_file(struct token_store *s, struct error *err)
{
    s->zstd = ZSTD_createCCtx();
    s->unzstd = ZSTD_createDCtx();
    if (!s->zstd || !s->unzstd)
        return error_set(err, STATUS_FAILED, "out of memory: a compressor wanted");
    s->halves = memory_new(STORE_BLOCK, sizeof(uint32_t), err);
    s->packed_capacity = ZSTD_compressBound(BLOCK_BYTES);
    s->packed = memory_new(sizeof(size_t) + s->packed_capacity, 1, err);
    if (!s->halves || !s->packed)
        return -1;
    if (ZSTD_isError(ZSTD_CCtx_setParameter(s->zstd, ZSTD_c_checksumFlag, 1)) ||
        ZSTD_isError(ZSTD_CCtx_setParameter(s->zstd, ZSTD_c_compressionLevel, 1)))
        return error_set(err, STATUS_FAILED, "zstd refuses its settings");
    s->fd = temporary_open(err);
    return s->fd < 0 ? -1 : 0;
}

static int write_file(struct token_store *s, size_t size, struct error *err)
{
    for (size_t at = 0; at < size;) {
        ssize_t n = write(s->fd, s->packed + at, size - at);
        if (n < 0 && errno != EINTR)
            return file_failed("write", err);
        at += n < 0 ? 0 : (size_t)n;
    }
    return 0;
}

static int read_file(struct token_store *s, void *to, size_t size, struct error *err)
{
    for (size_t at = 0; at < size;) {
        ssize_t n = read(s->fd, (uint8_t *)to + at, size - at);
        if (n == 0)
            errno = ENODATA;
        if (n == 0 || (n < 0 && errno != EINTR))
            return file_failed("read", err);
        at += n < 0 ? 0 : (size_t)n;
    }
    return 0;
}

/* Low and high halves apart: most high halves are the same few numbers. */
static int spill(struct token_store *s, struct error *err)
{
    if (s->fd < 0 && open_file(s, err) < 0)
        return -1;
    for (size_t i = 0; i < STORE_BLOCK; i++) {
        s->halves[i] = (uint16_t)s->open[i];
        s->halves[STORE_BLOCK + i] = (uint16_t)(s->open[i] >> 16);
    }
    size_t size = ZSTD_compress2(s->zstd, s->packed + sizeof size, s->packed_capacity, s->halves,
                                 BLOCK_BYTES);
    if (ZSTD_isError(size))
        return zstd_failed(size, err);
    memcpy(s->packed, &size, sizeof size);
    s->spilled++;
    return write_file(s, sizeof size + size, err);
}

static int read_spilled(struct token_store *s, uint32_t *token, struct error *err)
{
    size_t size;
    if (read_file(s, &size, sizeof size, err) < 0)
        return -1;
    if (size > s->packed_capacity)
        return error_set(err, STATUS_FAILED, "temporary file in '%s': damaged", temporary_folder());
    if (read_file(s, s->packed, size, err) < 0)
        return -1;
    size_t got = ZSTD_decompressDCtx(s->unzstd, s->halves, BLOCK_BYTES, s->packed, size);
    if (ZSTD_isError(got))
        return zstd_failed(got, err);
    for (size_t i = 0; i < STORE_BLOCK; i++)
        token[i] = s->halves[i] | (uint32_t)s->halves[STORE_BLOCK + i] << 16;
    s->spilled--;
    return 0;
}

/* ---- writing ---- */

/* Puts the full block away. */
static int close_block(struct token_store *s, struct error *err)
{
    s->in_open = 0;
    if (s->blocks == s->most_blocks)
        return spill(s, err);
    uint32_t *fresh = memory_new(STORE_BLOCK, sizeof *fresh, err);
    if (!fresh ||
        memory_reserve(&s->block, &s->capacity, s->blocks + 1, sizeof *s->block, err) < 0) {
        free(fresh);
        return -1;
    }
    s->block[s->blocks++] = s->open;
    s->open = fresh;
    return 0;
}

int token_store_append(struct token_store *s, const uint32_t *token, size_t count,
                       struct error *err)
{
    while (count > 0) {
        size_t n = STORE_BLOCK - s->in_open < count ? STORE_BLOCK - s->in_open : count;
        memcpy(s->open + s->in_open, token, n * sizeof *token);
        s->in_open += n;
        token += n;
        count -= n;
        if (s->in_open == STORE_BLOCK && close_block(s, err) < 0)
            return -1;
    }
    return 0;
}

/* ---- reading ---- */

int token_store_read(struct token_store *s, uint32_t **token, size_t *count, struct error *err)
{
    if (!s->reading && s->fd >= 0 && lseek(s->fd, 0, SEEK_SET) < 0)
        return file_failed("seek", err);
    s->reading = true;
    *count = STORE_BLOCK;
    if (s->read > 0) { /* the one that was lent last */
        free(s->block[s->read - 1]);
        s->block[s->read - 1] = NULL;
    }
    if (s->read < s->blocks) {
        *token = s->block[s->read++];
        return 1;
    }
    if (s->spilled > 0) {
        if (!s->lent && !(s->lent = memory_new(STORE_BLOCK, sizeof *s->lent, err)))
            return -1;
        *token = s->lent;
        return read_spilled(s, s->lent, err) < 0 ? -1 : 1;
    }
    *token = s->open;
    *count = s->in_open;
    s->in_open = 0;
    return *count > 0;
}

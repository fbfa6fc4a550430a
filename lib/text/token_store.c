/* SPDX-License-Identifier: MIT */
#include "text/token_store.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "base/memory.h"
#include "base/temporary_file.h"

struct token_store {
    uint64_t left; /* bytes that there is still room for */
    atomic_bool full;
    struct token_chunk *chunk; /* those in memory: the beginning of the text */
    size_t chunks, capacity;
    size_t read; /* of these, handed on */

    /* Those behind them, in the temporary file: each its struct, then its packed form. */
    int fd; /* −1: there is none */
    uint64_t spilled;
    bool reading;
    struct packer packer;
};

/* ---- chunks ---- */

int token_chunk_make(struct token_chunk *s, const uint32_t *number, size_t count, struct error *err)
{
    uint32_t all = 0;
    for (size_t i = 0; i < count; i++)
        all |= number[i];
    *s = (struct token_chunk){.width = all > UINT16_MAX ? 4 : 2, .count = (uint32_t)count};
    s->data = malloc(count * s->width);
    if (!s->data)
        return error_set(err, STATUS_FAILED, "out of memory: %zu bytes wanted", count * s->width);
    if (s->width == 4) {
        memcpy(s->data, number, count * sizeof *number);
    } else {
        uint16_t *narrow = s->data;
        for (size_t i = 0; i < count; i++)
            narrow[i] = (uint16_t)number[i];
    }
    return 0;
}

void token_chunk_release(struct token_chunk *s)
{
    free(s->data);
    *s = (struct token_chunk){0};
}

static int zstd_failed(size_t code, struct error *err)
{
    return error_set(err, STATUS_FAILED, "temporary file in '%s': %s", temporary_directory(),
                     ZSTD_getErrorName(code));
}

static int no_packer(struct error *err)
{
    return error_set(err, STATUS_FAILED, "out of memory: a compressor wanted");
}

/* Low and high halves of wide numbers apart: most high halves are the same few numbers. */
static void split(const struct token_chunk *s, uint16_t *halves)
{
    const uint32_t *number = s->data;
    for (size_t i = 0; i < s->count; i++) {
        halves[i] = (uint16_t)number[i];
        halves[s->count + i] = (uint16_t)(number[i] >> 16);
    }
}

static void join(const uint16_t *halves, struct token_chunk *s)
{
    uint32_t *number = s->data;
    for (size_t i = 0; i < s->count; i++)
        number[i] = halves[i] | (uint32_t)halves[s->count + i] << 16;
}

int token_chunk_pack(struct token_chunk *s, struct packer *p, struct error *err)
{
    size_t size = (size_t)s->count * s->width, bound = ZSTD_compressBound(size);
    if (!p->zstd && !(p->zstd = ZSTD_createCCtx()))
        return no_packer(err);
    if (ZSTD_isError(ZSTD_CCtx_setParameter(p->zstd, ZSTD_c_checksumFlag, 1)) ||
        ZSTD_isError(ZSTD_CCtx_setParameter(p->zstd, ZSTD_c_compressionLevel, 1)))
        return error_set(err, STATUS_FAILED, "zstd refuses its settings");
    if (memory_reserve(&p->packed, &p->capacity, bound + size, 1, err) < 0)
        return -1;
    const void *from = s->data;
    if (s->width == 4) {
        uint16_t *halves = (uint16_t *)(void *)p->packed;
        split(s, halves);
        from = halves;
    }
    uint8_t *to = p->packed + size;
    size_t packed = ZSTD_compress2(p->zstd, to, bound, from, size);
    if (ZSTD_isError(packed))
        return zstd_failed(packed, err);
    void *data = realloc(s->data, packed);
    if (!data)
        return error_set(err, STATUS_FAILED, "out of memory: %zu bytes wanted", packed);
    s->data = memcpy(data, to, packed);
    s->packed = (uint32_t)packed;
    return 0;
}

int token_chunk_unpack(struct token_chunk *s, struct packer *p, struct error *err)
{
    if (!s->packed)
        return 0;
    size_t size = (size_t)s->count * s->width;
    if (!p->unzstd && !(p->unzstd = ZSTD_createDCtx()))
        return no_packer(err);
    if (memory_reserve(&p->packed, &p->capacity, size, 1, err) < 0)
        return -1;
    size_t got = ZSTD_decompressDCtx(p->unzstd, p->packed, size, s->data, s->packed);
    if (ZSTD_isError(got))
        return zstd_failed(got, err);
    if (got != size)
        return error_set(err, STATUS_FAILED, "temporary file in '%s': damaged",
                         temporary_directory());
    void *data = realloc(s->data, size);
    if (!data)
        return error_set(err, STATUS_FAILED, "out of memory: %zu bytes wanted", size);
    s->data = data;
    s->packed = 0;
    if (s->width == 4)
        join((const uint16_t *)(const void *)p->packed, s);
    else
        memcpy(s->data, p->packed, size);
    return 0;
}

void packer_release(struct packer *p)
{
    ZSTD_freeCCtx(p->zstd);
    ZSTD_freeDCtx(p->unzstd);
    free(p->packed);
    *p = (struct packer){0};
}

/* ---- life cycle ---- */

struct token_store *token_store_new(uint64_t memory, struct error *err)
{
    struct token_store *store = memory_new(1, sizeof *store, err);
    if (!store)
        return NULL;
    store->left = memory;
    store->fd = -1;
    return store;
}

void token_store_free(struct token_store *store)
{
    if (!store)
        return;
    for (size_t i = store->read; i < store->chunks; i++)
        token_chunk_release(&store->chunk[i]);
    free(store->chunk);
    if (store->fd >= 0)
        close(store->fd);
    packer_release(&store->packer);
    free(store);
}

bool token_store_is_full(const struct token_store *store)
{
    return atomic_load_explicit(&store->full, memory_order_relaxed);
}

/* ---- the temporary file ---- */

static int file_failed(const char *what, struct error *err)
{
    return error_system(err, "temporary file in '%s': %s failed", temporary_directory(), what);
}

static int write_file(struct token_store *store, const void *data, size_t size, struct error *err)
{
    for (size_t at = 0; at < size;) {
        ssize_t n = write(store->fd, (const uint8_t *)data + at, size - at);
        if (n < 0 && errno != EINTR)
            return file_failed("write", err);
        at += n < 0 ? 0 : (size_t)n;
    }
    return 0;
}

static int read_file(struct token_store *store, void *to, size_t size, struct error *err)
{
    for (size_t at = 0; at < size;) {
        ssize_t n = read(store->fd, (uint8_t *)to + at, size - at);
        if (n == 0)
            errno = EIO;
        if (n == 0 || (n < 0 && errno != EINTR))
            return file_failed("read", err);
        at += n < 0 ? 0 : (size_t)n;
    }
    return 0;
}

static int spill(struct token_store *store, struct token_chunk *s, struct error *err)
{
    if (store->fd < 0 && (store->fd = temporary_file_open(err)) < 0)
        return -1;
    if (!s->packed && token_chunk_pack(s, &store->packer, err) < 0)
        return -1;
    struct token_chunk header = *s;
    header.data = NULL;
    store->spilled++;
    return write_file(store, &header, sizeof header, err) < 0
               ? -1
               : write_file(store, s->data, s->packed, err);
}

static int read_spilled(struct token_store *store, struct token_chunk *s, struct error *err)
{
    if (!store->reading && lseek(store->fd, 0, SEEK_SET) < 0)
        return file_failed("seek", err);
    store->reading = true;
    if (read_file(store, s, sizeof *s, err) < 0)
        return -1;
    s->data = memory_new(s->packed, 1, err);
    if (!s->data)
        return -1;
    store->spilled--;
    return read_file(store, s->data, s->packed, err);
}

/* ---- writing and reading ---- */

static int keep(struct token_store *store, struct token_chunk *s, struct error *err)
{
    if (memory_reserve(&store->chunk, &store->capacity, store->chunks + 1, sizeof *store->chunk,
                       err) < 0)
        return -1;
    store->chunk[store->chunks++] = *s;
    store->left -= (uint64_t)s->count * s->width;
    *s = (struct token_chunk){0};
    return 0;
}

int token_store_append(struct token_store *store, struct token_chunk *s, struct error *err)
{
    if ((uint64_t)s->count * s->width > store->left)
        atomic_store_explicit(&store->full, true, memory_order_relaxed);
    int result = token_store_is_full(store) ? spill(store, s, err) : keep(store, s, err);
    token_chunk_release(s);
    return result;
}

int token_store_read(struct token_store *store, struct token_chunk *s, struct error *err)
{
    *s = (struct token_chunk){0};
    if (store->read < store->chunks) {
        *s = store->chunk[store->read++];
        return 1;
    }
    if (store->spilled == 0)
        return 0;
    if (read_spilled(store, s, err) == 0)
        return 1;
    token_chunk_release(s);
    return -1;
}

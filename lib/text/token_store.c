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
    uint64_t memory_left; /* bytes of the limit that are not used yet */
    atomic_bool full;
    struct token_chunk *chunk; /* (chunks) in memory: the beginning of the text */
    size_t chunks, capacity;
    size_t read; /* chunks returned from memory so far */

    /* The following chunks, in the temporary file: for each its struct, then its packed form. */
    int fd;           /* -1: no temporary file */
    uint64_t spilled; /* chunks in the file that were not read yet */
    bool reading;     /* the file offset is where reading continues */
    struct packer packer;
};

/* ---- chunks ---- */

int token_chunk_make(struct token_chunk *chunk, const uint32_t *code, size_t count,
                     struct error *err)
{
    uint32_t all = 0;
    for (size_t i = 0; i < count; i++)
        all |= code[i];
    *chunk = (struct token_chunk){.width = all > UINT16_MAX ? 4 : 2, .count = (uint32_t)count};
    chunk->data = malloc(count * chunk->width);
    if (!chunk->data)
        return error_set(err, STATUS_FAILED, "out of memory: cannot allocate %zu bytes",
                         count * chunk->width);
    if (chunk->width == 4) {
        memcpy(chunk->data, code, count * sizeof *code);
    } else {
        uint16_t *narrow = chunk->data;
        for (size_t i = 0; i < count; i++)
            narrow[i] = (uint16_t)code[i];
    }
    return 0;
}

void token_chunk_release(struct token_chunk *chunk)
{
    free(chunk->data);
    *chunk = (struct token_chunk){0};
}

static int zstd_failed(size_t code, struct error *err)
{
    return error_set(err, STATUS_FAILED, "temporary file in '%s': %s", temporary_directory(),
                     ZSTD_getErrorName(code));
}

static int no_codec(struct error *err)
{
    return error_set(err, STATUS_FAILED, "out of memory: cannot create a zstd context");
}

/* Separates the low and the high halves of 4-byte codes, which compresses better: most high halves
 * take the same few values. */
static void split(const struct token_chunk *chunk, uint16_t *halves)
{
    const uint32_t *code = chunk->data;
    for (size_t i = 0; i < chunk->count; i++) {
        halves[i] = (uint16_t)code[i];
        halves[chunk->count + i] = (uint16_t)(code[i] >> 16);
    }
}

static void join(const uint16_t *halves, struct token_chunk *chunk)
{
    uint32_t *code = chunk->data;
    for (size_t i = 0; i < chunk->count; i++)
        code[i] = halves[i] | (uint32_t)halves[chunk->count + i] << 16;
}

int token_chunk_pack(struct token_chunk *chunk, struct packer *p, struct error *err)
{
    size_t size = (size_t)chunk->count * chunk->width, bound = ZSTD_compressBound(size);
    if (!p->zstd && !(p->zstd = ZSTD_createCCtx()))
        return no_codec(err);
    if (ZSTD_isError(ZSTD_CCtx_setParameter(p->zstd, ZSTD_c_checksumFlag, 1)) ||
        ZSTD_isError(ZSTD_CCtx_setParameter(p->zstd, ZSTD_c_compressionLevel, 1)))
        return error_set(err, STATUS_FAILED, "zstd rejected the compression settings");
    if (memory_reserve(&p->packed, &p->capacity, bound + size, 1, err) < 0)
        return -1;
    const void *from = chunk->data;
    if (chunk->width == 4) {
        uint16_t *halves = (uint16_t *)(void *)p->packed;
        split(chunk, halves);
        from = halves;
    }
    uint8_t *to = p->packed + size;
    size_t packed = ZSTD_compress2(p->zstd, to, bound, from, size);
    if (ZSTD_isError(packed))
        return zstd_failed(packed, err);
    void *data = realloc(chunk->data, packed);
    if (!data)
        return error_set(err, STATUS_FAILED, "out of memory: cannot allocate %zu bytes", packed);
    chunk->data = memcpy(data, to, packed);
    chunk->packed = (uint32_t)packed;
    return 0;
}

int token_chunk_unpack(struct token_chunk *chunk, struct packer *p, struct error *err)
{
    if (!chunk->packed)
        return 0;
    size_t size = (size_t)chunk->count * chunk->width;
    if (!p->unzstd && !(p->unzstd = ZSTD_createDCtx()))
        return no_codec(err);
    if (memory_reserve(&p->packed, &p->capacity, size, 1, err) < 0)
        return -1;
    size_t got = ZSTD_decompressDCtx(p->unzstd, p->packed, size, chunk->data, chunk->packed);
    if (ZSTD_isError(got))
        return zstd_failed(got, err);
    if (got != size)
        return error_set(err, STATUS_FAILED, "temporary file in '%s': damaged",
                         temporary_directory());
    void *data = realloc(chunk->data, size);
    if (!data)
        return error_set(err, STATUS_FAILED, "out of memory: cannot allocate %zu bytes", size);
    chunk->data = data;
    chunk->packed = 0;
    if (chunk->width == 4)
        join((const uint16_t *)(const void *)p->packed, chunk);
    else
        memcpy(chunk->data, p->packed, size);
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
    store->memory_left = memory;
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

static int spill(struct token_store *store, struct token_chunk *chunk, struct error *err)
{
    if (store->fd < 0 && (store->fd = temporary_file_open(err)) < 0)
        return -1;
    if (!chunk->packed && token_chunk_pack(chunk, &store->packer, err) < 0)
        return -1;
    struct token_chunk header = *chunk;
    header.data = NULL;
    store->spilled++;
    return write_file(store, &header, sizeof header, err) < 0
               ? -1
               : write_file(store, chunk->data, chunk->packed, err);
}

static int read_spilled(struct token_store *store, struct token_chunk *chunk, struct error *err)
{
    if (!store->reading && lseek(store->fd, 0, SEEK_SET) < 0)
        return file_failed("seek", err);
    store->reading = true;
    if (read_file(store, chunk, sizeof *chunk, err) < 0)
        return -1;
    chunk->data = memory_new(chunk->packed, 1, err);
    if (!chunk->data)
        return -1;
    store->spilled--;
    return read_file(store, chunk->data, chunk->packed, err);
}

/* ---- writing and reading ---- */

static int keep_in_memory(struct token_store *store, struct token_chunk *chunk, struct error *err)
{
    if (memory_reserve(&store->chunk, &store->capacity, store->chunks + 1, sizeof *store->chunk,
                       err) < 0)
        return -1;
    store->chunk[store->chunks++] = *chunk;
    store->memory_left -= (uint64_t)chunk->count * chunk->width;
    *chunk = (struct token_chunk){0};
    return 0;
}

int token_store_append(struct token_store *store, struct token_chunk *chunk, struct error *err)
{
    if ((uint64_t)chunk->count * chunk->width > store->memory_left)
        atomic_store_explicit(&store->full, true, memory_order_relaxed);
    int result =
        token_store_is_full(store) ? spill(store, chunk, err) : keep_in_memory(store, chunk, err);
    token_chunk_release(chunk);
    return result;
}

int token_store_read(struct token_store *store, struct token_chunk *chunk, struct error *err)
{
    *chunk = (struct token_chunk){0};
    if (store->read < store->chunks) {
        *chunk = store->chunk[store->read++];
        return 1;
    }
    if (store->spilled == 0)
        return 0;
    if (read_spilled(store, chunk, err) == 0)
        return 1;
    token_chunk_release(chunk);
    return -1;
}

/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>
#include <zstd.h>

#include "fuzz.h"

/* The names that the linker gives them. */
ssize_t __real_read(int fd, void *to, size_t size);
ssize_t __wrap_read(int fd, void *to, size_t size);
ssize_t __real_write(int fd, const void *from, size_t size);
ssize_t __wrap_write(int fd, const void *from, size_t size);
ssize_t __wrap_getrandom(void *to, size_t size, unsigned flags);
ZSTD_DCtx *__real_ZSTD_createDCtx(void);
ZSTD_DCtx *__wrap_ZSTD_createDCtx(void);
size_t __wrap_ZSTD_freeDCtx(ZSTD_DCtx *context);
size_t __real_ZSTD_decompressStream(ZSTD_DCtx *context, ZSTD_outBuffer *out, ZSTD_inBuffer *in);
size_t __wrap_ZSTD_decompressStream(ZSTD_DCtx *context, ZSTD_outBuffer *out, ZSTD_inBuffer *in);
size_t __wrap_ZSTD_DStreamInSize(void);
size_t __wrap_ZSTD_DStreamOutSize(void);
ZSTD_CCtx *__real_ZSTD_createCCtx(void);
ZSTD_CCtx *__wrap_ZSTD_createCCtx(void);
size_t __wrap_ZSTD_freeCCtx(ZSTD_CCtx *context);

enum { FRAME_START = 6, BUFFER = 1024 };

/* The start of a zstd frame with a small window and no dictionary. */
static const uint8_t frame_start[FRAME_START] = {0x28, 0xb5, 0x2f, 0xfd, 0, 0};

static struct {
    const uint8_t *data;
    size_t size, next, chunk;
    unsigned calls;
    bool payload;     /* the input is a payload, to be returned after frame_start */
    bool in_frame;    /* frame_start has been skipped */
    size_t delivered; /* bytes of the payload */
} input;

static struct bytes output;

void fuzz_fail(const char *condition, const char *file, int line, const struct error *err)
{
    dprintf(STDERR_FILENO, "%s:%d: failed: %s\n", file, line, condition);
    if (err)
        dprintf(STDERR_FILENO, "status %d: %s\n", (int)err->status, err->text);
    abort();
}

void fuzz_input(const uint8_t *data, size_t size, size_t chunk)
{
    memset(&input, 0, sizeof input);
    input.data = data;
    input.size = size;
    input.chunk = chunk;
}

void fuzz_payload(const uint8_t *payload, size_t size, size_t chunk)
{
    fuzz_input(payload, size, chunk);
    input.payload = true;
}

struct bytes *fuzz_output(void)
{
    return &output;
}

/* ---- the system ---- */

static size_t give(void *to, const uint8_t *from, size_t from_size, size_t at, size_t size)
{
    size_t n = from_size - at < size ? from_size - at : size;
    if (n > 0)
        memcpy(to, from + at, n);
    input.next += n;
    return n;
}

ssize_t __wrap_read(int fd, void *to, size_t size)
{
    if (fd != FUZZ_FD)
        return __real_read(fd, to, size);
    if (input.chunk && size > input.chunk)
        size = input.chunk;
    if (input.chunk && input.calls++ % 5 == 3) {
        errno = EINTR;
        return -1;
    }
    if (!input.payload)
        return (ssize_t)give(to, input.data, input.size, input.next, size);
    if (input.next < FRAME_START)
        return (ssize_t)give(to, frame_start, FRAME_START, input.next, size);
    return (ssize_t)give(to, input.data, input.size, input.next - FRAME_START, size);
}

ssize_t __wrap_write(int fd, const void *from, size_t size)
{
    struct error err;
    if (fd != FUZZ_FD)
        return __real_write(fd, from, size);
    demand_success(bytes_put(&output, from, size, &err) == 0, &err);
    return (ssize_t)size;
}

/* Keys of hash tables: they are constant, so that executions are reproducible. */
ssize_t __wrap_getrandom(void *to, size_t size, unsigned flags)
{
    (void)flags;
    uint8_t *byte = to;
    for (size_t i = 0; i < size; i++)
        byte[i] = (uint8_t)(i * 167 + 13);
    return (ssize_t)size;
}

static ssize_t discard(void *cookie, const char *data, size_t size)
{
    (void)cookie, (void)data;
    return (ssize_t)size;
}

FILE *fuzz_sink(void)
{
    return fopencookie(NULL, "w", (cookie_io_functions_t){.write = discard});
}

/* ---- zstd ---- */

/* Contexts that were freed, to be reused: creating one takes longer than a whole execution. */
enum { KEPT = 32 };

struct kept {
    void *context[KEPT];
    int count, lent;
};

static struct kept decompressors, compressors;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void *take(struct kept *kept)
{
    pthread_mutex_lock(&mutex);
    void *context = kept->count > 0 ? kept->context[--kept->count] : NULL;
    kept->lent++;
    pthread_mutex_unlock(&mutex);
    return context;
}

static void give_back(struct kept *kept, void *context)
{
    pthread_mutex_lock(&mutex);
    demand(kept->count < KEPT);
    kept->context[kept->count++] = context;
    kept->lent--;
    pthread_mutex_unlock(&mutex);
}

void fuzz_end(void)
{
    demand(decompressors.lent == 0 && compressors.lent == 0);
}

ZSTD_DCtx *__wrap_ZSTD_createDCtx(void)
{
    ZSTD_DCtx *context = take(&decompressors);
    return context ? context : __real_ZSTD_createDCtx();
}

size_t __wrap_ZSTD_freeDCtx(ZSTD_DCtx *context)
{
    if (context) {
        ZSTD_DCtx_reset(context, ZSTD_reset_session_and_parameters);
        give_back(&decompressors, context);
    }
    return 0;
}

ZSTD_CCtx *__wrap_ZSTD_createCCtx(void)
{
    ZSTD_CCtx *context = take(&compressors);
    return context ? context : __real_ZSTD_createCCtx();
}

size_t __wrap_ZSTD_freeCCtx(ZSTD_CCtx *context)
{
    if (context) {
        ZSTD_CCtx_reset(context, ZSTD_reset_session_and_parameters);
        give_back(&compressors, context);
    }
    return 0;
}

size_t __wrap_ZSTD_DStreamInSize(void)
{
    return BUFFER;
}

size_t __wrap_ZSTD_DStreamOutSize(void)
{
    return input.chunk ? input.chunk : BUFFER;
}

size_t __wrap_ZSTD_decompressStream(ZSTD_DCtx *context, ZSTD_outBuffer *out, ZSTD_inBuffer *in)
{
    if (!input.payload)
        return __real_ZSTD_decompressStream(context, out, in);
    if (!input.in_frame)
        in->pos += FRAME_START;
    input.in_frame = true;
    size_t n = in->size - in->pos;
    if (n > out->size - out->pos)
        n = out->size - out->pos;
    memcpy((uint8_t *)out->dst + out->pos, (const uint8_t *)in->src + in->pos, n);
    in->pos += n;
    out->pos += n;
    input.delivered += n;
    return input.delivered < input.size;
}

/* SPDX-License-Identifier: MIT */
#include "stream/writer.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>
#define XXH_STATIC_LINKING_ONLY /* the hash state inside our own struct */
#include <xxhash.h>
#include <zstd.h>

#include "base/bytes.h"
#include "base/memory.h"

/* Bytes of payload in a frame. A checksum is verified at the end of its frame, so shorter frames
 * reveal damage earlier. */
enum { FRAME_PAYLOAD = 4 << 20 };

/* Random ids hardly compress: a level that tries takes five times as long, for writers and readers,
 * and saves a tenth of the bytes. At such a negative level zstd copies everything except long
 * repetitions. */
enum { BATCHES_LEVEL = -1000 };

/* The ids of a text seldom repeat in sequence; what compresses is their unequal frequency. So
 * searching for matches hardly pays: ignore matches shorter than four ids of two bytes, and use a
 * hash table so small that zstd forgets most positions. Compared with the defaults of level 1, this
 * takes half the time, and 2.4 % more bytes for the Penn Treebank. Levels below 1 are faster still,
 * but do not code by frequency: a third more bytes. */
enum { CORPUS_MIN_MATCH = 7, CORPUS_HASH_LOG = 10 };

struct stream_writer {
    int fd;
    const char *name;
    ZSTD_CCtx *zstd;
    uint8_t *buffer; /* compressed bytes before they are written */
    size_t capacity;
    uint64_t written; /* compressed bytes written to fd */
    size_t in_frame;  /* bytes of payload in the current frame */
    uint64_t payload; /* bytes of payload so far */
    uint64_t records;
    XXH64_state_t hash; /* of the payload */
};

static int write_all(struct stream_writer *w, const uint8_t *data, size_t size, struct error *err)
{
    while (size > 0) {
        ssize_t n = write(w->fd, data, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_system(err, "%s: write failed at byte %llu", w->name,
                                (unsigned long long)w->written);
        data += n;
        size -= (size_t)n;
        w->written += (uint64_t)n;
    }
    return 0;
}

/* Compresses and writes `size` bytes; with ZSTD_e_end ends the frame. */
static int compress(struct stream_writer *w, const void *data, size_t size, ZSTD_EndDirective mode,
                    struct error *err)
{
    ZSTD_inBuffer in = {data, size, 0};
    size_t left;
    do {
        ZSTD_outBuffer out = {w->buffer, w->capacity, 0};
        left = ZSTD_compressStream2(w->zstd, &out, &in, mode);
        if (ZSTD_isError(left))
            return error_set(err, STATUS_FAILED, "%s: compression failed: %s", w->name,
                             ZSTD_getErrorName(left));
        if (write_all(w, w->buffer, out.pos, err) < 0)
            return -1;
    } while (in.pos < in.size || (mode == ZSTD_e_end && left > 0));
    return 0;
}

/* Appends bytes to the payload. */
static int put(struct stream_writer *w, const void *data, size_t size, struct error *err)
{
    XXH64_update(&w->hash, data, size);
    w->payload += size;
    w->in_frame += size;
    if (w->in_frame < FRAME_PAYLOAD)
        return compress(w, data, size, ZSTD_e_continue, err);
    w->in_frame = 0;
    return compress(w, data, size, ZSTD_e_end, err);
}

static int put_record(struct stream_writer *w, enum record_type type, const void *data, size_t size,
                      struct error *err)
{
    struct bytes header = {0};
    int failed = bytes_put_u32(&header, type, err) < 0 ||
                 bytes_put_u32(&header, (uint32_t)size, err) < 0 ||
                 put(w, header.data, header.size, err) < 0 || put(w, data, size, err) < 0;
    free(header.data);
    return failed ? -1 : 0;
}

static bool configure(ZSTD_CCtx *zstd, enum stream_kind kind)
{
    const int settings[][2] = {
        {ZSTD_c_checksumFlag, 1}, /* zstd's default is 0 */
        {ZSTD_c_compressionLevel, kind == STREAM_BATCHES ? BATCHES_LEVEL : 1},
        {ZSTD_c_minMatch, CORPUS_MIN_MATCH},
        {ZSTD_c_hashLog, CORPUS_HASH_LOG},
    };
    for (int i = 0; i < (kind == STREAM_CORPUS ? 4 : 2); i++)
        if (ZSTD_isError(
                ZSTD_CCtx_setParameter(zstd, (ZSTD_cParameter)settings[i][0], settings[i][1])))
            return false;
    return true;
}

static ZSTD_CCtx *new_compressor(enum stream_kind kind, struct error *err)
{
    ZSTD_CCtx *zstd = ZSTD_createCCtx();
    if (!zstd) {
        error_set(err, STATUS_FAILED, "out of memory: cannot create a compressor");
        return NULL;
    }
    if (!configure(zstd, kind)) {
        error_set(err, STATUS_FAILED, "cannot configure zstd");
        ZSTD_freeCCtx(zstd);
        return NULL;
    }
    return zstd;
}

static int start(struct stream_writer *w, enum stream_kind kind, struct error *err)
{
    w->zstd = new_compressor(kind, err);
    w->capacity = ZSTD_CStreamOutSize();
    w->buffer = w->zstd ? memory_new(w->capacity, 1, err) : NULL;
    if (!w->buffer)
        return -1;
    XXH64_reset(&w->hash, 0);

    struct bytes preamble = {0};
    int failed = bytes_put(&preamble, stream_magic, sizeof stream_magic, err) < 0 ||
                 bytes_put_u16(&preamble, STREAM_MAJOR, err) < 0 ||
                 bytes_put_u16(&preamble, STREAM_MINOR, err) < 0 ||
                 bytes_put_u32(&preamble, kind, err) < 0 ||
                 put(w, preamble.data, preamble.size, err) < 0;
    free(preamble.data);
    return failed ? -1 : 0;
}

struct stream_writer *stream_writer_open(int fd, const char *name, enum stream_kind kind,
                                         struct error *err)
{
    struct stream_writer *w = memory_new(1, sizeof *w, err);
    if (!w)
        return NULL;
    w->fd = fd;
    w->name = name;
    if (start(w, kind, err) < 0) {
        stream_writer_close(w);
        return NULL;
    }
    return w;
}

int stream_write(struct stream_writer *w, enum record_type type, const void *data, size_t size,
                 struct error *err)
{
    if (size > STREAM_MAX_RECORD)
        return error_set(err, STATUS_FAILED, "%s: record of %zu bytes exceeds the limit", w->name,
                         size);
    w->records++;
    return put_record(w, type, data, size, err);
}

int stream_writer_finish(struct stream_writer *w, const uint64_t totals[STREAM_TOTALS],
                         struct error *err)
{
    uint64_t hash = XXH64_digest(&w->hash);
    struct bytes end = {0};
    int failed =
        bytes_put_u64(&end, w->records, err) < 0 || bytes_put_u64(&end, w->payload, err) < 0;
    for (int i = 0; i < STREAM_TOTALS && !failed; i++)
        failed = bytes_put_u64(&end, totals[i], err) < 0;
    failed = failed || bytes_put_u64(&end, hash, err) < 0 ||
             put_record(w, RECORD_END, end.data, end.size, err) < 0 ||
             (w->in_frame > 0 && compress(w, NULL, 0, ZSTD_e_end, err) < 0);
    free(end.data);
    return failed ? -1 : 0;
}

void stream_writer_close(struct stream_writer *w)
{
    if (!w)
        return;
    ZSTD_freeCCtx(w->zstd);
    free(w->buffer);
    free(w);
}

/* ---- frames, filled by any thread ---- */

int stream_frame_init(struct stream_frame *f, enum stream_kind kind, struct error *err)
{
    *f = (struct stream_frame){.zstd = new_compressor(kind, err)};
    return f->zstd ? 0 : -1;
}

void stream_frame_release(struct stream_frame *f)
{
    ZSTD_freeCCtx(f->zstd);
    free(f->payload);
    free(f->packed);
    *f = (struct stream_frame){0};
}

void stream_frame_clear(struct stream_frame *f)
{
    f->records = 0;
    f->payload_size = f->packed_size = 0;
}

uint8_t *stream_frame_reserve(struct stream_frame *f, size_t size, struct error *err)
{
    size_t start = f->payload_size + RECORD_HEADER_SIZE;
    if (memory_reserve(&f->payload, &f->payload_capacity, start + size, 1, err) < 0)
        return NULL;
    return f->payload + start;
}

int stream_frame_add(struct stream_frame *f, enum record_type type, size_t size, struct error *err)
{
    if (size > STREAM_MAX_RECORD)
        return error_set(err, STATUS_FAILED, "record of %zu bytes exceeds the limit", size);
    bytes_store_u32(f->payload + f->payload_size, type);
    bytes_store_u32(f->payload + f->payload_size + 4, (uint32_t)size);
    f->payload_size += RECORD_HEADER_SIZE + size;
    f->records++;
    return 0;
}

int stream_frame_pack(struct stream_frame *f, struct error *err)
{
    size_t bound = ZSTD_compressBound(f->payload_size);
    if (memory_reserve(&f->packed, &f->packed_capacity, bound, 1, err) < 0)
        return -1;
    f->packed_size =
        ZSTD_compress2(f->zstd, f->packed, f->packed_capacity, f->payload, f->payload_size);
    if (ZSTD_isError(f->packed_size))
        return error_set(err, STATUS_FAILED, "compression failed: %s",
                         ZSTD_getErrorName(f->packed_size));
    return 0;
}

int stream_write_frame(struct stream_writer *w, const struct stream_frame *f, struct error *err)
{
    if (w->in_frame > 0 && compress(w, NULL, 0, ZSTD_e_end, err) < 0)
        return -1;
    w->in_frame = 0;
    XXH64_update(&w->hash, f->payload, f->payload_size);
    w->payload += f->payload_size;
    w->records += f->records;
    return write_all(w, f->packed, f->packed_size, err);
}

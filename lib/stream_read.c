/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#define XXH_STATIC_LINKING_ONLY /* the hash state inside our own struct */
#include <xxhash.h>
#include <zstd.h>

#include "bytes.h"
#include "memory.h"
#include "stream.h"
#include "stream_layout.h"

static const uint8_t zstd_magic[4] = {0x28, 0xb5, 0x2f, 0xfd};

enum { FRAME_START = 6 /* bytes of magic number, descriptor and window; no frame is shorter */ };

struct stream_reader {
    int fd;
    const char *name;
    ZSTD_DCtx *zstd;
    enum stream_kind kind;
    unsigned major, minor;

    uint8_t *input; /* compressed bytes: those from in.pos to in.size are not decoded yet */
    size_t input_capacity;
    ZSTD_inBuffer in;
    uint64_t consumed; /* compressed bytes before `input` */
    bool end_of_file;
    bool in_frame;     /* a frame is open: more must come */
    bool more_decoded; /* the decoder holds output for which `output` had no room */
    bool ended;        /* END was read: nothing may follow */

    uint8_t *output; /* decoded bytes: those from out_next to out_end are not handed on yet */
    size_t output_capacity, out_next, out_end;

    struct bytes record; /* the content lent to the caller */
    uint64_t records;    /* handed out, or skipped */
    uint64_t payload;    /* bytes up to and with the latest record */
    XXH64_state_t hash;  /* of these bytes */
    uint64_t totals[STREAM_TOTALS];
};

const char *stream_kind_name(enum stream_kind kind)
{
    switch (kind) {
    case STREAM_CORPUS:
        return "corpus";
    case STREAM_BATCHES:
        return "batch";
    case STREAM_VECTORS:
        return "vectors";
    case STREAM_ANY:
        break;
    }
    return "sgns";
}

int stream_fault(const struct stream_reader *r, struct error *err, const char *format, ...)
{
    char message[512];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    unsigned long long byte = r->consumed + r->in.pos;
    if (r->payload == 0) /* nothing of the stream is known yet: no record to name */
        return error_set(err, STATUS_INPUT, "%s: byte %llu: %s", r->name, byte, message);
    return error_set(err, STATUS_INPUT, "%s: byte %llu, record %llu: %s", r->name, byte,
                     (unsigned long long)r->records, message);
}

/* ---- compressed input ---- */

/* Makes at least `wanted` undecoded bytes available unless the input ends before. */
static int fill_input(struct stream_reader *r, size_t wanted, struct error *err)
{
    if (r->in.size - r->in.pos >= wanted)
        return 0;
    memmove(r->input, r->input + r->in.pos, r->in.size - r->in.pos);
    r->consumed += r->in.pos;
    r->in.size -= r->in.pos;
    r->in.pos = 0;
    while (r->in.size < wanted && !r->end_of_file) {
        ssize_t n = read(r->fd, r->input + r->in.size, r->input_capacity - r->in.size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_system(err, "%s: read failed at byte %llu", r->name,
                                (unsigned long long)(r->consumed + r->in.size));
        r->end_of_file = n == 0;
        r->in.size += (size_t)n;
    }
    return 0;
}

/* Checks the start of a frame (RFC 8878, 3.1.1.1): magic number, descriptor, window. The decoder's
 * own limit does not hold for a small frame that it finds whole in its input. */
static int check_frame(struct stream_reader *r, struct error *err)
{
    const uint8_t *frame = r->input + r->in.pos;
    if (r->in.size - r->in.pos < FRAME_START)
        return stream_fault(r, err, "ends inside a zstd frame");
    unsigned descriptor = frame[4], window = frame[5];
    if (descriptor & 3)
        return stream_fault(r, err, "a zstd frame with a dictionary");
    bool single_segment =
        descriptor & 0x20; /* then the window is the content, as the decoder checks */
    if (!single_segment && window > (WINDOW_LOG_MAX - 10) << 3)
        return stream_fault(r, err, "a zstd frame with a window above 8 MiB");
    return 0;
}

/* Between frames: 1 if another one follows, 0 at the end of the input. Nothing but zstd frames may
 * follow; the decoder by itself would pass over skippable ones. */
static int frame_follows(struct stream_reader *r, struct error *err)
{
    if (fill_input(r, FRAME_START, err) < 0)
        return -1;
    size_t left = r->in.size - r->in.pos;
    if (left == 0)
        return 0;
    if (r->ended)
        return stream_fault(r, err, "data behind END");
    size_t known = left < sizeof zstd_magic ? left : sizeof zstd_magic;
    if (memcmp(r->input + r->in.pos, zstd_magic, known) != 0)
        return stream_fault(r, err, r->payload ? "not a zstd frame" : "not a compressed stream");
    return check_frame(r, err) < 0 ? -1 : 1;
}

/* Decodes until there is output: 1, or 0 at the end of the input, or -1. */
static int decode_more(struct stream_reader *r, struct error *err)
{
    for (;;) {
        if (!r->in_frame) {
            int follows = frame_follows(r, err);
            if (follows <= 0)
                return follows;
        } else if (!r->more_decoded) {
            if (fill_input(r, 1, err) < 0)
                return -1;
            if (r->in.pos == r->in.size)
                return stream_fault(r, err, "ends inside a zstd frame");
        }
        ZSTD_outBuffer out = {r->output, r->output_capacity, 0};
        size_t hint = ZSTD_decompressStream(r->zstd, &out, &r->in);
        if (ZSTD_isError(hint))
            return stream_fault(r, err, "damaged: %s", ZSTD_getErrorName(hint));
        r->in_frame = hint != 0;
        r->more_decoded = out.pos == out.size;
        r->out_next = 0;
        r->out_end = out.pos;
        if (out.pos > 0)
            return 1;
    }
}

/* ---- payload ---- */

/* Appends the next `size` bytes of payload to `to`, which grows only as they arrive. Returns 1, or
 * 0 if the payload ends before the first of them, or -1. */
static int take(struct stream_reader *r, struct bytes *to, size_t size, struct error *err)
{
    size_t missing = size;
    while (missing > 0) {
        if (r->out_next == r->out_end) {
            int more = decode_more(r, err);
            if (more < 0)
                return -1;
            if (more == 0 && missing == size)
                return 0;
            if (more == 0)
                return stream_fault(r, err, "ends inside a record");
        }
        size_t n = r->out_end - r->out_next;
        if (n > missing)
            n = missing;
        if (bytes_put(to, r->output + r->out_next, n, err) < 0)
            return -1;
        r->out_next += n;
        missing -= n;
    }
    return 1;
}

static bool known_record_type(uint32_t type)
{
    switch (type) {
    case RECORD_PROVENANCE:
    case RECORD_WORDS:
    case RECORD_SHAPE:
    case RECORD_TOKENS:
    case RECORD_EXAMPLES:
    case RECORD_ROWS:
    case RECORD_END:
        return true;
    default:
        return false;
    }
}

/* Compares the END record in r->record with what was read, and makes sure that nothing follows. */
static int verify_end(struct stream_reader *r, struct error *err)
{
    struct cursor c =
        cursor_over(r->record.data + RECORD_HEADER_SIZE, r->record.size - RECORD_HEADER_SIZE);
    uint64_t records = cursor_u64(&c), payload = cursor_u64(&c);
    for (int i = 0; i < STREAM_TOTALS; i++)
        r->totals[i] = cursor_u64(&c);
    uint64_t hash = cursor_u64(&c);
    if (!cursor_exhausted(&c))
        return stream_fault(r, err, "END record of a wrong size");
    if (records != r->records || payload != r->payload || hash != XXH64_digest(&r->hash))
        return stream_fault(r, err, "END does not agree with the records before it");
    r->ended = true;
    int more = r->out_next < r->out_end ? 1 : decode_more(r, err);
    return more > 0 ? stream_fault(r, err, "data behind END") : more;
}

int stream_read(struct stream_reader *r, struct record *record, struct error *err)
{
    for (;;) {
        r->record.size = 0;
        int got = take(r, &r->record, RECORD_HEADER_SIZE, err);
        if (got == 0)
            return error_set(err, STATUS_INPUT, "%s: byte %llu: ended after record %llu, no END",
                             r->name, (unsigned long long)(r->consumed + r->in.pos),
                             (unsigned long long)r->records);
        if (got < 0)
            return -1;
        struct cursor header = cursor_over(r->record.data, RECORD_HEADER_SIZE);
        uint32_t type = cursor_u32(&header), size = cursor_u32(&header);
        if (size > STREAM_MAX_RECORD)
            return stream_fault(r, err, "a record of %lu bytes is above the limit",
                                (unsigned long)size);
        got = take(r, &r->record, size, err);
        if (got < 0)
            return -1;
        if (got == 0 && size > 0)
            return stream_fault(r, err, "ends inside a record");
        if (type == RECORD_END)
            return verify_end(r, err);
        XXH64_update(&r->hash, r->record.data, r->record.size);
        r->payload += r->record.size;
        r->records++;
        if (known_record_type(type)) {
            record->type = type;
            record->data = r->record.data + RECORD_HEADER_SIZE;
            record->size = size;
            return 1;
        }
    }
}

/* ---- life cycle ---- */

static int read_preamble(struct stream_reader *r, enum stream_kind expected, struct error *err)
{
    struct bytes *preamble = &r->record;
    int got = take(r, preamble, PREAMBLE_SIZE, err);
    if (got < 0)
        return -1;
    if (got == 0)
        return error_set(err, STATUS_INPUT, "%s: byte 0: empty, expected a %s stream", r->name,
                         stream_kind_name(expected));
    r->payload = PREAMBLE_SIZE;
    XXH64_update(&r->hash, preamble->data, preamble->size);
    struct cursor c = cursor_over(preamble->data, preamble->size);
    const uint8_t *magic = cursor_bytes(&c, sizeof stream_magic);
    r->major = cursor_u16(&c);
    r->minor = cursor_u16(&c);
    uint32_t kind = cursor_u32(&c);
    if (memcmp(magic, stream_magic, sizeof stream_magic) != 0)
        return error_set(err, STATUS_INPUT, "%s: byte 0: compressed, but no sgns stream", r->name);
    if (r->major != STREAM_MAJOR)
        return error_set(err, STATUS_INPUT,
                         "%s: byte 0: format version %u.%u, this program reads %d.x", r->name,
                         r->major, r->minor, STREAM_MAJOR);
    if (kind < STREAM_CORPUS || kind > STREAM_VECTORS)
        return error_set(err, STATUS_INPUT, "%s: byte 0: stream of unknown kind %lu", r->name,
                         (unsigned long)kind);
    r->kind = kind;
    if (expected != STREAM_ANY && r->kind != expected)
        return error_set(err, STATUS_INPUT, "%s: byte 0: %s stream, expected %s", r->name,
                         stream_kind_name(r->kind), stream_kind_name(expected));
    return 0;
}

static int start(struct stream_reader *r, enum stream_kind expected, struct error *err)
{
    r->zstd = ZSTD_createDCtx();
    r->input_capacity = ZSTD_DStreamInSize();
    r->output_capacity = ZSTD_DStreamOutSize();
    r->input = memory_new(r->input_capacity, 1, err);
    r->output = memory_new(r->output_capacity, 1, err);
    if (!r->input || !r->output)
        return -1;
    if (!r->zstd)
        return error_set(err, STATUS_FAILED, "out of memory: a decompressor wanted");
    if (ZSTD_isError(ZSTD_DCtx_setParameter(r->zstd, ZSTD_d_windowLogMax, WINDOW_LOG_MAX)))
        return error_set(err, STATUS_FAILED, "zstd refuses its settings");
    r->in.src = r->input;
    XXH64_reset(&r->hash, 0);
    return read_preamble(r, expected, err);
}

struct stream_reader *stream_reader_open(int fd, const char *name, enum stream_kind expected,
                                         struct error *err)
{
    struct stream_reader *r = memory_new(1, sizeof *r, err);
    if (!r)
        return NULL;
    r->fd = fd;
    r->name = name;
    if (start(r, expected, err) < 0) {
        stream_reader_close(r);
        return NULL;
    }
    return r;
}

void stream_reader_close(struct stream_reader *r)
{
    if (!r)
        return;
    ZSTD_freeDCtx(r->zstd);
    free(r->input);
    free(r->output);
    free(r->record.data);
    free(r);
}

enum stream_kind stream_reader_kind(const struct stream_reader *r)
{
    return r->kind;
}

void stream_reader_version(const struct stream_reader *r, unsigned *major, unsigned *minor)
{
    *major = r->major;
    *minor = r->minor;
}

const uint64_t *stream_totals(const struct stream_reader *r)
{
    return r->totals;
}

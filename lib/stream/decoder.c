/* SPDX-License-Identifier: MIT */
#include "stream/decoder.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#define XXH_STATIC_LINKING_ONLY /* the hash state inside our own struct */
#include <xxhash.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "stream/layout.h"
#include "stream/recognise.h"

enum { WAIT_MS = 100 /* milliseconds between two calls of stop() */ };
enum { FRAME_START = 6 /* bytes: magic number, descriptor, window; no frame is shorter */ };

struct stream_decoder {
    int fd;
    const char *name;
    bool (*stop)(void); /* NULL: wait for input without limit */
    ZSTD_DCtx *zstd;
    enum stream_kind expected, kind;
    unsigned major, minor;

    uint8_t *input; /* compressed bytes; input[in.pos … in.size − 1] are not decoded yet */
    size_t input_capacity;
    ZSTD_inBuffer in;
    uint64_t input_offset; /* of input[0] in the stream, in bytes */
    bool end_of_file;
    bool in_frame;       /* a zstd frame is incomplete: more must follow */
    bool output_pending; /* zstd holds output for which `output` had no room */
    bool end_seen;       /* END was read: nothing may follow */

    uint8_t *output; /* decoded bytes; output[out_next … out_end − 1] are not taken yet */
    size_t output_capacity, out_next, out_end;

    uint64_t records;   /* returned or skipped */
    uint64_t payload;   /* bytes of payload up to the end of the latest record */
    XXH64_state_t hash; /* of these bytes */
    uint64_t totals[STREAM_TOTALS];
};

/* ---- faults ---- */

void stream_fault_at(const char *name, const struct stream_position *position, struct error *err,
                     const char *format, va_list args)
{
    char message[512];
    vsnprintf(message, sizeof message, format, args);
    if (!position->started) /* there is no record yet */
        error_set(err, STATUS_INPUT, "%s: byte %llu: %s", name, (unsigned long long)position->byte,
                  message);
    else
        error_set(err, STATUS_INPUT, "%s: byte %llu, record %llu: %s", name,
                  (unsigned long long)position->byte, (unsigned long long)position->record,
                  message);
}

/* Reports invalid input at the current position. Returns -1. */
static int fault(const struct stream_decoder *d, struct error *err, const char *format, ...)
    PRINTF_LIKE(3, 4);
static int fault(const struct stream_decoder *d, struct error *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct stream_position position = stream_decoder_position(d);
    stream_fault_at(d->name, &position, err, format, args);
    va_end(args);
    return -1;
}

/* ---- compressed input ---- */

/* Waits for input. Fails if stop() returns true. */
static int wait_for_input(const struct stream_decoder *d, struct error *err)
{
    struct pollfd input = {d->fd, POLLIN, 0};
    int ready = d->stop ? 0 : 1;
    while (ready <= 0) {
        ready = poll(&input, 1, WAIT_MS);
        if (ready < 0 && errno != EINTR)
            return error_system(err, "%s: cannot wait for input", d->name);
        if (ready <= 0 && d->stop())
            return error_set(err, STATUS_FAILED, "%s: interrupted", d->name);
    }
    return 0;
}

/* Reads until `size` undecoded bytes are available, or the input ends. */
static int fill_input(struct stream_decoder *d, size_t size, struct error *err)
{
    if (d->in.size - d->in.pos >= size)
        return 0;
    memmove(d->input, d->input + d->in.pos, d->in.size - d->in.pos);
    d->input_offset += d->in.pos;
    d->in.size -= d->in.pos;
    d->in.pos = 0;
    while (d->in.size < size && !d->end_of_file) {
        if (wait_for_input(d, err) < 0)
            return -1;
        ssize_t n = read(d->fd, d->input + d->in.size, d->input_capacity - d->in.size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_system(err, "%s: read failed at byte %llu", d->name,
                                (unsigned long long)(d->input_offset + d->in.size));
        d->end_of_file = n == 0;
        d->in.size += (size_t)n;
    }
    return 0;
}

/* Checks the start of a frame (RFC 8878, 3.1.1.1): magic number, descriptor, window. zstd does not
 * apply its own window limit to a small frame that is complete in its input. */
static int check_frame(struct stream_decoder *d, struct error *err)
{
    const uint8_t *frame = d->input + d->in.pos;
    if (d->in.size - d->in.pos < FRAME_START)
        return fault(d, err, "ends inside a zstd frame");
    unsigned descriptor = frame[4], window = frame[5];
    if (descriptor & 3)
        return fault(d, err, "zstd frame with a dictionary");
    /* In a single segment the window is the content, whose size zstd checks. */
    bool single_segment = descriptor & 0x20;
    if (!single_segment && window > (WINDOW_LOG_MAX - 10) << 3)
        return fault(d, err, "zstd frame with a window above 8 MiB");
    return 0;
}

/* Between frames: returns 1 if another zstd frame follows, 0 at the end of the input, or -1. Only
 * zstd frames may follow; zstd itself would skip skippable frames. */
static int frame_follows(struct stream_decoder *d, struct error *err)
{
    if (fill_input(d, FRAME_START, err) < 0)
        return -1;
    size_t left = d->in.size - d->in.pos;
    if (left == 0)
        return 0;
    if (d->end_seen)
        return fault(d, err, "data after END");
    size_t known = left < sizeof zstd_magic ? left : sizeof zstd_magic;
    if (memcmp(d->input + d->in.pos, zstd_magic, known) != 0)
        return d->payload
                   ? fault(d, err, "not a zstd frame")
                   : stream_refuse_content(d->name, d->input + d->in.pos, left, d->expected, err);
    return check_frame(d, err) < 0 ? -1 : 1;
}

/* Reports an error of zstd: the input is damaged, or memory has run out. Returns -1. */
static int zstd_failed(const struct stream_decoder *d, size_t code, struct error *err)
{
    if (ZSTD_getErrorCode(code) == ZSTD_error_memory_allocation)
        return error_set(err, STATUS_FAILED, "%s: out of memory: cannot create a decompressor",
                         d->name);
    return fault(d, err, "damaged: %s", ZSTD_getErrorName(code));
}

/* Decodes until there is output. Returns 1, or 0 at the end of the input, or -1. */
static int decode_more(struct stream_decoder *d, struct error *err)
{
    for (;;) {
        if (!d->in_frame) {
            int follows = frame_follows(d, err);
            if (follows <= 0)
                return follows;
        } else if (!d->output_pending) {
            if (fill_input(d, 1, err) < 0)
                return -1;
            if (d->in.pos == d->in.size)
                return fault(d, err, "ends inside a zstd frame");
        }
        ZSTD_outBuffer out = {d->output, d->output_capacity, 0};
        size_t hint = ZSTD_decompressStream(d->zstd, &out, &d->in);
        if (ZSTD_isError(hint))
            return zstd_failed(d, hint, err);
        d->in_frame = hint != 0;
        d->output_pending = out.pos == out.size;
        d->out_next = 0;
        d->out_end = out.pos;
        if (out.pos > 0)
            return 1;
    }
}

/* ---- payload ---- */

/* Appends the next `size` bytes of payload to `to`, which grows only as they arrive. Returns 1, or
 * 0 if the payload ends before the first of them, or -1. */
static int read_payload(struct stream_decoder *d, struct bytes *to, size_t size, struct error *err)
{
    size_t missing = size;
    while (missing > 0) {
        if (d->out_next == d->out_end) {
            int more = decode_more(d, err);
            if (more < 0)
                return -1;
            if (more == 0 && missing == size)
                return 0;
            if (more == 0)
                return fault(d, err, "ends inside a record");
        }
        size_t n = d->out_end - d->out_next;
        if (n > missing)
            n = missing;
        if (bytes_put(to, d->output + d->out_next, n, err) < 0)
            return -1;
        d->out_next += n;
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
    case RECORD_TRAINING:
    case RECORD_STATE:
    case RECORD_END:
        return true;
    default:
        return false;
    }
}

/* Compares END with what was read, and checks that nothing follows. */
static int verify_end(struct stream_decoder *d, const struct bytes *end, struct error *err)
{
    struct cursor c = cursor_over(end->data + RECORD_HEADER_SIZE, end->size - RECORD_HEADER_SIZE);
    uint64_t records = cursor_u64(&c), payload = cursor_u64(&c);
    for (int i = 0; i < STREAM_TOTALS; i++)
        d->totals[i] = cursor_u64(&c);
    uint64_t hash = cursor_u64(&c);
    if (!cursor_exhausted(&c))
        return fault(d, err, "wrong size of END record");
    if (records != d->records || payload != d->payload || hash != XXH64_digest(&d->hash))
        return fault(d, err, "END does not match the records before it");
    d->end_seen = true;
    int more = d->out_next < d->out_end ? 1 : decode_more(d, err);
    return more > 0 ? fault(d, err, "data after END") : more;
}

int stream_decode(struct stream_decoder *d, struct bytes *record, struct error *err)
{
    for (;;) {
        record->size = 0;
        int got = read_payload(d, record, RECORD_HEADER_SIZE, err);
        if (got == 0)
            return error_set(err, STATUS_INPUT, "%s: byte %llu: ended after record %llu, no END",
                             d->name, (unsigned long long)(d->input_offset + d->in.pos),
                             (unsigned long long)d->records);
        if (got < 0)
            return -1;
        struct cursor header = cursor_over(record->data, RECORD_HEADER_SIZE);
        uint32_t type = cursor_u32(&header), size = cursor_u32(&header);
        if (size > STREAM_MAX_RECORD)
            return fault(d, err, "record of %lu bytes exceeds the limit", (unsigned long)size);
        got = read_payload(d, record, size, err);
        if (got < 0)
            return -1;
        if (got == 0 && size > 0)
            return fault(d, err, "ends inside a record");
        if (type == RECORD_END)
            return verify_end(d, record, err);
        XXH64_update(&d->hash, record->data, record->size);
        d->payload += record->size;
        d->records++;
        if (known_record_type(type))
            return 1;
    }
}

/* ---- life cycle ---- */

static int read_preamble(struct stream_decoder *d, struct bytes *preamble, struct error *err)
{
    int got = read_payload(d, preamble, PREAMBLE_SIZE, err);
    if (got < 0)
        return -1;
    if (got == 0)
        return stream_refuse_content(d->name, NULL, 0, d->expected, err);
    d->payload = PREAMBLE_SIZE;
    XXH64_update(&d->hash, preamble->data, preamble->size);
    struct cursor c = cursor_over(preamble->data, preamble->size);
    const uint8_t *magic = cursor_bytes(&c, sizeof stream_magic);
    d->major = cursor_u16(&c);
    d->minor = cursor_u16(&c);
    uint32_t kind = cursor_u32(&c);
    if (memcmp(magic, stream_magic, sizeof stream_magic) != 0)
        return error_set(err, STATUS_INPUT, "%s: byte 0: zstd data, but not an sgns stream",
                         d->name);
    if (d->major != STREAM_MAJOR)
        return error_set(err, STATUS_INPUT,
                         "%s: byte 0: format version %u.%u, this program reads %d.x", d->name,
                         d->major, d->minor, STREAM_MAJOR);
    if (kind < STREAM_CORPUS || kind > STREAM_COUNTS)
        return error_set(err, STATUS_INPUT, "%s: byte 0: stream of unknown kind %lu", d->name,
                         (unsigned long)kind);
    d->kind = kind;
    if (d->expected != STREAM_ANY && d->kind != d->expected)
        return stream_refuse_kind(d->name, d->kind, d->expected, err);
    return 0;
}

static int start(struct stream_decoder *d, const void *prefix, size_t prefix_size,
                 struct error *err)
{
    d->zstd = ZSTD_createDCtx();
    d->input_capacity = prefix_size > ZSTD_DStreamInSize() ? prefix_size : ZSTD_DStreamInSize();
    d->output_capacity = ZSTD_DStreamOutSize();
    d->input = memory_new(d->input_capacity, 1, err);
    d->output = memory_new(d->output_capacity, 1, err);
    if (!d->input || !d->output)
        return -1;
    if (!d->zstd)
        return error_set(err, STATUS_FAILED, "out of memory: cannot create a decompressor");
    if (ZSTD_isError(ZSTD_DCtx_setParameter(d->zstd, ZSTD_d_windowLogMax, WINDOW_LOG_MAX)))
        return error_set(err, STATUS_FAILED, "cannot configure zstd");
    if (prefix_size > 0)
        memcpy(d->input, prefix, prefix_size);
    d->in = (ZSTD_inBuffer){d->input, prefix_size, 0};
    XXH64_reset(&d->hash, 0);
    struct bytes preamble = {0};
    int result = read_preamble(d, &preamble, err);
    free(preamble.data);
    return result;
}

struct stream_decoder *stream_decoder_open(int fd, const char *name, enum stream_kind expected,
                                           const void *prefix, size_t prefix_size,
                                           struct error *err)
{
    struct stream_decoder *d = memory_new(1, sizeof *d, err);
    if (!d)
        return NULL;
    d->fd = fd;
    d->name = name;
    d->expected = expected;
    if (start(d, prefix, prefix_size, err) < 0) {
        stream_decoder_close(d);
        return NULL;
    }
    return d;
}

void stream_decoder_close(struct stream_decoder *d)
{
    if (!d)
        return;
    ZSTD_freeDCtx(d->zstd);
    free(d->input);
    free(d->output);
    free(d);
}

void stream_decoder_interrupt_when(struct stream_decoder *d, bool (*stop)(void))
{
    d->stop = stop;
}

enum stream_kind stream_decoder_kind(const struct stream_decoder *d)
{
    return d->kind;
}

void stream_decoder_version(const struct stream_decoder *d, unsigned *major, unsigned *minor)
{
    *major = d->major;
    *minor = d->minor;
}

struct stream_position stream_decoder_position(const struct stream_decoder *d)
{
    return (struct stream_position){d->payload > 0, d->input_offset + d->in.pos, d->records,
                                    d->payload, XXH64_digest(&d->hash)};
}

const uint64_t *stream_decoder_totals(const struct stream_decoder *d)
{
    return d->totals;
}

/* SPDX-License-Identifier: MIT */
#include "check/quick_check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "base/memory.h"
#include "check/verify.h"
#include "stream/batches.h"
#include "stream/corpus.h"
#include "stream/layout.h"
#include "stream/vectors.h"
#include "train/checkpoint.h"

enum {
    TAIL_MAX = 32 << 20,     /* the most bytes read: more than the largest record and a frame */
    TAIL_FIRST = 256 << 10,  /* bytes read first */
    DECODED_MAX = 128 << 20, /* the most bytes of payload decoded to find END */
    STEPS_MAX = 1 << 20,     /* the most zstd blocks visited to find the beginning of a frame */
    BLOCK_HEADER = 3,
    CHECKSUM = 4
};

/* The last bytes of a file. */
struct tail {
    int fd;
    uint8_t *data; /* (size) */
    size_t size;
    uint64_t file_size;
    unsigned steps; /* zstd blocks visited */
    size_t decoded; /* bytes */
};

/* The result of the quick check. */
enum outcome { FAILED = -1, FOUND, NOT_FOUND /* END may be further from the end of the file */ };

/* ---- beginnings of frames ---- */

/* Reads the last `size` bytes of the file. Returns false if the file has become shorter. */
static bool read_tail(struct tail *t, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t n = pread(t->fd, t->data + done, size - done, (off_t)(t->file_size - size + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    t->size = size;
    return true;
}

/* The size in bytes of a frame header (RFC 8878, section 3.1.1.1), or 0 if `frame` is not one. */
static size_t frame_header_size(const uint8_t *frame, size_t left)
{
    static const uint8_t content_size[4] = {0, 2, 4, 8};
    if (left <= sizeof zstd_magic || memcmp(frame, zstd_magic, sizeof zstd_magic) != 0)
        return 0;
    bool single_segment = frame[4] & 0x20;
    size_t size = sizeof zstd_magic + 1 + !single_segment + content_size[frame[4] >> 6];
    size += single_segment && frame[4] >> 6 == 0;
    return size <= left ? size : 0;
}

/* Whether a frame with a checksum begins at `start` and ends exactly at `end`. Visits its blocks
 * (section 3.1.1.2). */
static bool is_frame(struct tail *t, size_t start, size_t end)
{
    size_t header = frame_header_size(t->data + start, end - start);
    if (!header || !(t->data[start + 4] & 4))
        return false;
    for (size_t at = start + header; end - at > BLOCK_HEADER + CHECKSUM - 1;) {
        const uint8_t *b = t->data + at;
        uint32_t block = b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16;
        size_t content = (block >> 1 & 3) == 1 ? 1 : block >> 3; /* an RLE block has one byte */
        if (++t->steps > STEPS_MAX || content > end - at - BLOCK_HEADER - CHECKSUM)
            return false;
        at += BLOCK_HEADER + content;
        if (block & 1)
            return at + CHECKSUM == end;
    }
    return false;
}

/* The beginning of the frame that ends at `end`, or `end` if the tail does not contain it. */
static size_t frame_before(struct tail *t, size_t end)
{
    for (size_t start = end; start-- > 0 && t->steps <= STEPS_MAX;)
        if (t->data[start] == 0x28 && is_frame(t, start, end))
            return start;
    return end;
}

/* ---- END ---- */

/* The last bytes of a part of the payload. */
struct payload_end {
    uint8_t data[RECORD_HEADER_SIZE + END_SIZE];
    size_t size;
};

/* Appends data, and keeps only the last bytes. */
static void append_to_end(struct payload_end *to, const uint8_t *data, size_t size)
{
    size_t room = sizeof to->data;
    if (size >= room) {
        memcpy(to->data, data + size - room, room);
        to->size = room;
        return;
    }
    size_t kept = to->size < room - size ? to->size : room - size;
    memmove(to->data, to->data + to->size - kept, kept);
    memcpy(to->data + kept, data, size);
    to->size = kept + size;
}

/* Decodes a frame that lies completely in the tail. */
static enum outcome decode_frame(struct tail *t, ZSTD_DCtx *zstd, const char *name, size_t start,
                                 size_t end, struct payload_end *last, struct error *err)
{
    ZSTD_inBuffer in = {t->data + start, end - start, 0};
    size_t capacity = ZSTD_DStreamOutSize(), hint = 1;
    uint8_t *output = memory_new(capacity, 1, err);
    enum outcome outcome = output ? FOUND : FAILED;
    while (outcome == FOUND && hint > 0) {
        ZSTD_outBuffer out = {output, capacity, 0};
        hint = ZSTD_decompressStream(zstd, &out, &in);
        t->decoded += out.pos;
        if (ZSTD_isError(hint))
            outcome = error_set(err, STATUS_INPUT, "%s: byte %llu: damaged: %s", name,
                                (unsigned long long)(t->file_size - t->size + start + in.pos),
                                ZSTD_getErrorName(hint));
        else if (t->decoded > DECODED_MAX || (in.pos == in.size && hint > 0 && out.pos == 0))
            outcome = NOT_FOUND;
        else
            append_to_end(last, output, out.pos);
    }
    free(output);
    return outcome;
}

/* Prepends the content of the frame before *end to *last, and moves *end to its beginning. */
static enum outcome prepend_frame(struct tail *t, ZSTD_DCtx *zstd, const char *name, size_t *end,
                                  struct payload_end *last, struct error *err)
{
    size_t start = frame_before(t, *end);
    struct payload_end frame = {.size = 0};
    if (start == *end)
        return NOT_FOUND;
    enum outcome outcome = decode_frame(t, zstd, name, start, *end, &frame, err);
    if (outcome != FOUND)
        return outcome;
    append_to_end(&frame, last->data, last->size);
    *last = frame;
    *end = start;
    return FOUND;
}

/* No frame may follow END, not even an empty one. */
static enum outcome refuse_empty_frame(const struct tail *t, const char *name,
                                       const struct payload_end *last, struct error *err)
{
    if (last->size > 0)
        return FOUND;
    return error_set(err, STATUS_INPUT, "%s: byte %llu: an empty zstd frame at the end", name,
                     (unsigned long long)t->file_size);
}

/* Finds the last bytes of the payload in the tail. */
static enum outcome payload_end(struct tail *t, const char *name, struct payload_end *last,
                                struct error *err)
{
    enum outcome outcome = FOUND;
    ZSTD_DCtx *zstd = ZSTD_createDCtx();
    if (!zstd || ZSTD_isError(ZSTD_DCtx_setParameter(zstd, ZSTD_d_windowLogMax, WINDOW_LOG_MAX)))
        outcome = error_set(err, STATUS_FAILED, "out of memory: cannot create a zstd context");
    last->size = 0;
    t->steps = 0;
    t->decoded = 0;
    for (size_t end = t->size; outcome == FOUND && last->size < sizeof last->data;) {
        outcome = prepend_frame(t, zstd, name, &end, last, err);
        if (outcome == FOUND)
            outcome = refuse_empty_frame(t, name, last, err);
    }
    ZSTD_freeDCtx(zstd);
    return outcome;
}

/* Finds them in a tail that grows until it is long enough. */
static enum outcome find_payload_end(int fd, uint64_t file_size, const char *name,
                                     struct payload_end *last, struct error *err)
{
    struct tail t = {.fd = fd, .file_size = file_size};
    size_t most = file_size < TAIL_MAX ? (size_t)file_size : TAIL_MAX;
    enum outcome outcome = NOT_FOUND;
    if (!(t.data = memory_new(most, 1, err)))
        return FAILED;
    for (size_t size = TAIL_FIRST; outcome == NOT_FOUND && t.size < most; size *= 4) {
        if (!read_tail(&t, size < most ? size : most))
            break;
        outcome = payload_end(&t, name, last, err);
    }
    free(t.data);
    return outcome;
}

/* ---- header and END together ---- */

/* What the header implies about END: the minimum records and bytes before it, and the known
 * totals. */
struct expected {
    uint64_t records, size, totals[STREAM_TOTALS];
    bool known[STREAM_TOTALS];
    /* Of vectors: bytes of a row's values, and whether something else is between rows and END. */
    uint64_t row_size;
    bool more;
};

/* Moves the header out of a reader that is about to be closed. */
static void take(struct stream_info *info, struct header *header, struct expected *e,
                 const struct stream_reader *stream)
{
    stream_read_so_far(stream, &e->records, &e->size);
    info->header = *header;
    *header = (struct header){0};
}

static int read_batches_header(struct stream_reader *stream, struct stream_info *info,
                               struct expected *e, struct error *err)
{
    struct batches_reader in;
    if (batches_reader_attach(&in, stream, err) < 0)
        return -1;
    take(info, &in.header, e, stream);
    info->shape = in.shape;
    e->known[0] = true;
    e->known[2] = false;
    e->totals[0] = in.shape.examples * in.shape.epochs;
    batches_reader_close(&in);
    return 0;
}

static int read_vectors_header(struct stream_reader *stream, struct stream_info *info,
                               struct expected *e, struct error *err)
{
    struct vectors_reader in;
    if (vectors_reader_attach(&in, stream, err) < 0)
        return -1;
    take(info, &in.header, e, stream);
    info->dim = in.dim;
    e->known[0] = e->known[1] = true;
    e->totals[0] = info->header.vocab.words.count;
    e->row_size = (uint64_t)in.dim * sizeof(float);
    vectors_reader_close(&in);
    return 0;
}

static int read_corpus_header(struct stream_reader *stream, struct stream_info *info,
                              struct expected *e, struct error *err)
{
    struct corpus_reader in;
    if (corpus_reader_attach(&in, stream, err) < 0)
        return -1;
    take(info, &in.header, e, stream);
    corpus_reader_close(&in);
    return 0;
}

/* Reads preamble and header; for counts, which are only a header, the preamble. */
static int read_header(int fd, const char *name, struct stream_info *info, struct expected *e,
                       struct error *err)
{
    struct stream_reader *stream = stream_reader_open(fd, name, STREAM_ANY, err);
    if (!stream)
        return -1;
    *e = (struct expected){.known[2] = true};
    info->kind = stream_reader_kind(stream);
    stream_reader_version(stream, &info->major, &info->minor);
    switch (info->kind) {
    case STREAM_COUNTS:
        stream_reader_close(stream);
        return 0;
    case STREAM_BATCHES:
        return read_batches_header(stream, info, e, err);
    case STREAM_VECTORS:
        return read_vectors_header(stream, info, e, err);
    default:
        return read_corpus_header(stream, info, e, err);
    }
}

static int end_fault(const char *name, uint64_t byte, const char *what, struct error *err)
{
    return error_set(err, STATUS_INPUT, "%s: byte %llu: %s", name, (unsigned long long)byte, what);
}

/* Compares END with the header, and stores its totals. */
static int compare_end(const struct payload_end *last, struct expected *e, const char *name,
                       uint64_t file_size, struct stream_info *info, struct error *err)
{
    enum { ROWS_FIELDS = 12 }; /* bytes in a ROWS record before the values */
    struct cursor c = cursor_over(last->data, last->size);
    if (cursor_u32(&c) != RECORD_END || cursor_u32(&c) != END_SIZE)
        return end_fault(name, file_size, "no END record", err);
    uint64_t records = cursor_u64(&c), size = cursor_u64(&c);
    bool fits = records >= e->records && size >= e->size &&
                size - e->size >= (records - e->records) * RECORD_HEADER_SIZE;
    for (int i = 0; i < STREAM_TOTALS; i++) {
        info->totals[i] = cursor_u64(&c);
        fits = fits && (!e->known[i] || info->totals[i] == e->totals[i]);
    }
    e->more = size - e->size != (records - e->records) * (RECORD_HEADER_SIZE + ROWS_FIELDS) +
                                    e->totals[0] * e->row_size;
    return fits ? 0 : end_fault(name, file_size, "END does not match the header", err);
}

/* Returns to the beginning of the stream. */
static int rewind_to(int fd, const char *name, off_t start, struct error *err)
{
    return lseek(fd, start, SEEK_SET) < 0
               ? error_system(err, "%s: cannot seek back to its beginning", name)
               : 0;
}

/* Checks header and END of a stream at `start` of a regular file. */
static enum outcome check_ends(int fd, const char *name, uint64_t file_size,
                               struct stream_info *info, bool *more, struct error *err)
{
    struct expected expected;
    struct payload_end last;
    if (read_header(fd, name, info, &expected, err) < 0)
        return FAILED;
    if (info->kind == STREAM_COUNTS)
        return NOT_FOUND;
    enum outcome outcome = find_payload_end(fd, file_size, name, &last, err);
    if (outcome == FOUND && compare_end(&last, &expected, name, file_size, info, err) < 0)
        outcome = FAILED;
    *more = info->kind == STREAM_VECTORS && expected.more;
    return outcome;
}

/* *more: the vectors may be a checkpoint. */
static int check(int fd, const char *name, struct stream_info *info, bool *more, struct error *err)
{
    struct stat file;
    *more = false;
    off_t start = lseek(fd, 0, SEEK_CUR);
    if (start < 0 || fstat(fd, &file) < 0 || !S_ISREG(file.st_mode))
        return verify_stream(fd, name, info, NULL, err);
    enum outcome outcome = check_ends(fd, name, (uint64_t)file.st_size, info, more, err);
    if (outcome == FOUND && *more)
        outcome = rewind_to(fd, name, start, err) < 0 ? FAILED : FOUND;
    if (outcome == FOUND)
        return (int)info->kind;
    stream_info_release(info);
    *more = false;
    if (outcome == FAILED || rewind_to(fd, name, start, err) < 0)
        return -1;
    return verify_stream(fd, name, info, NULL, err);
}

int quick_check(int fd, const char *name, struct stream_info *info, struct error *err)
{
    bool more;
    return check(fd, name, info, &more, err);
}

/* ---- checkpoints ---- */

struct checkpoint_start {
    struct vectors_reader in;
    struct checkpoint_check check;
};

/* Stops reading after TRAINING. */
static int read_record(void *data, const struct record *record, struct error *err)
{
    struct checkpoint_start *c = data;
    return checkpoint_check(&c->check, &c->in, record, err) < 0 || c->check.has_training ? -1 : 0;
}

/* Reads the vectors and what follows, up to TRAINING or END. */
static int read_training(int fd, const char *name, struct stream_info *info, struct error *err)
{
    struct checkpoint_start c = {.check = {0}};
    uint32_t first, count;
    int got;
    if (vectors_reader_open(&c.in, fd, name, err) < 0)
        return -1;
    c.in.checkpoint = read_record;
    c.in.checkpoint_data = &c;
    while ((got = vectors_read(&c.in, &first, &count, err)) > 0)
        ;
    bool found = c.check.has_training;
    info->steps = c.check.progress.steps;
    info->shape = c.check.run.shape;
    checkpoint_check_release(&c.check);
    vectors_reader_close(&c.in);
    return got < 0 && !found ? -1 : 0;
}

int quick_info(int fd, const char *name, struct stream_info *info, struct error *err)
{
    bool more;
    int kind = check(fd, name, info, &more, err);
    if (kind >= 0 && more && read_training(fd, name, info, err) < 0) {
        stream_info_release(info);
        return -1;
    }
    return kind;
}

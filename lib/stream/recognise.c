/* SPDX-License-Identifier: MIT */
#include "stream/recognise.h"

#include <string.h>
#include <zstd.h>

#include "base/bytes.h"

bool stream_may_start_with(const void *data, size_t size)
{
    size_t known = size < sizeof zstd_magic ? size : sizeof zstd_magic;
    return known == 0 || memcmp(data, zstd_magic, known) == 0;
}

/* Whether `data` (size) is the start of zstd data. *kind becomes the kind of the stream in it, or
 * STREAM_ANY if it is not a stream. */
static bool is_zstd(const void *data, size_t size, enum stream_kind *kind)
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

/* ---- messages ---- */

static const char *const expected_name[] = {
    [STREAM_ANY] = "an sgns stream",     [STREAM_CORPUS] = "a corpus stream",
    [STREAM_BATCHES] = "a batch stream", [STREAM_VECTORS] = "a vectors stream",
    [STREAM_COUNTS] = "a counts stream",
};

const struct content *stream_content(const void *data, size_t size)
{
    static const struct content streams[] = {
        [STREAM_CORPUS] = {"a corpus stream", "print it as text with 'sgns-cat FILE'", false},
        [STREAM_BATCHES] = {"a batch stream", "print it as text with 'sgns-cat FILE'", false},
        [STREAM_VECTORS] = {"a vectors stream",
                            "use its vocabulary with 'ptb-vocab --vocab=FILE TEXT'", false},
        [STREAM_COUNTS] = {"a counts stream", "use it with 'ptb-vocab --vocab=FILE TEXT'", false},
    };
    enum stream_kind kind;
    if (is_zstd(data, size, &kind) && kind != STREAM_ANY)
        return &streams[kind];
    return content_recognise(data, size);
}

int stream_expect_text(const char *name, const void *data, size_t size, struct error *err)
{
    const struct content *content = stream_content(data, size);
    return content && !content->text ? content_refuse(content, name, "text", err) : 0;
}

int stream_expect_text_in(struct input *in, size_t size, struct error *err)
{
    return input_fill(in, size, err) < 0
               ? -1
               : stream_expect_text(in->name, input_next(in), input_available(in), err);
}

/* What makes a stream of the second kind from one of the first; STREAM_ANY: from a text. */
static const char *const next_step[STREAM_COUNTS + 1][STREAM_COUNTS + 1] = {
    [STREAM_ANY] = {[STREAM_CORPUS] = "make one with 'ptb-vocab FILE'",
                    [STREAM_BATCHES] = "make one with 'ptb-vocab FILE | sgns-batch'",
                    [STREAM_VECTORS] =
                        "read vectors of other programs with 'sgns-convert FILE', or "
                        "train some with 'ptb-vocab FILE | sgns-batch | sgns-train'",
                    [STREAM_COUNTS] = "make one with 'ptb-vocab --count FILE'"},
    [STREAM_CORPUS] = {[STREAM_BATCHES] = "make minibatches with 'sgns-batch FILE'",
                       [STREAM_VECTORS] = "train vectors with 'sgns-batch FILE | sgns-train'",
                       [STREAM_COUNTS] = "count the text with 'ptb-vocab --count'"},
    [STREAM_BATCHES] = {[STREAM_VECTORS] = "train vectors with 'sgns-train FILE'"},
    [STREAM_VECTORS] = {[STREAM_BATCHES] = "start from its vectors with 'sgns-train --init=FILE'"},
    [STREAM_COUNTS] = {[STREAM_CORPUS] = "encode the text with 'ptb-vocab --vocab=FILE'"},
};

int stream_refuse_kind(const char *name, enum stream_kind found, enum stream_kind expected,
                       struct error *err)
{
    const struct content content = {expected_name[found], next_step[found][expected], false};
    return content_refuse(&content, name, expected_name[expected], err);
}

int stream_refuse_content(const char *name, const void *data, size_t size,
                          enum stream_kind expected, struct error *err)
{
    const struct content text = {"text", next_step[STREAM_ANY][expected], true};
    const struct content unknown = {size > 0 ? "not a stream" : "empty", NULL, false};
    const struct content *content = content_recognise(data, size);
    if (!content)
        content = content_looks_like_text(data, size) ? &text : &unknown;
    return content_refuse(content, name, expected_name[expected], err);
}

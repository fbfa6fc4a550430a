/* SPDX-License-Identifier: MIT */
/* Splitting running text like ptb-words: the same output for all blocks; well-formed lines of words,
 * which stay as they are when they are split again. */
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "fuzz.h"
#include "text/segmenter.h"

/* Splits the text in blocks of `block_size` bytes (0: one block). Appends to `out`. */
static void split(const char *text, size_t size, size_t block_size,
                  const struct segmenter_options *options, struct bytes *out)
{
    struct error err;
    struct segmenter segmenter;
    const char *piece;
    size_t length, step = block_size > 0 ? block_size : size;
    demand_success(segmenter_init(&segmenter, options, &err) == 0, &err);
    for (size_t at = 0; at < size; at += step) {
        size_t next = size - at < step ? size - at : step;
        demand_success(segmenter_feed(&segmenter, text + at, next, &err) == 0, &err);
        piece = segmenter_take(&segmenter, &length);
        demand_success(bytes_put(out, piece, length, &err) == 0, &err);
    }
    segmenter_end(&segmenter);
    piece = segmenter_take(&segmenter, &length);
    demand_success(bytes_put(out, piece, length, &err) == 0, &err);
    demand(segmenter.bytes == out->size && segmenter.invalid_bytes <= size);
    segmenter_release(&segmenter);
}

static void demand_same(const struct bytes *a, const struct bytes *b)
{
    demand(a->size == b->size && (a->size == 0 || memcmp(a->data, b->data, a->size) == 0));
}

/* Sentences are lines that are not empty, without spaces at either end; all of it is UTF-8. */
static void check_form(const struct bytes *out)
{
    const char *text = (const char *)out->data;
    uint32_t character, before = '\n';
    for (size_t at = 0, length; at < out->size; at += length, before = character) {
        length = utf8_decode(text + at, out->size - at, &character);
        demand(length > 0 && character >= ' ' - (character == '\n' ? ' ' - '\n' : 0));
        demand((character != ' ' && character != '\n') || (before != ' ' && before != '\n'));
    }
    demand(out->size == 0 || before == '\n');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned how = size > 0 ? data[0] : 0;
    struct segmenter_options options = {
        .keep_case = how & 1, .lines = how & 2, .sentences_only = how & 4};
    const char *text = size > 0 ? (const char *)data + 1 : "";
    struct bytes whole = {0}, in_blocks = {0}, again = {0};
    size -= size > 0;
    split(text, size, 0, &options, &whole);
    split(text, size, 1 + (how >> 3), &options, &in_blocks);
    demand_same(&whole, &in_blocks);
    check_form(&whole);
    if (!options.sentences_only) {
        options.lines = true;
        split((const char *)whole.data, whole.size, 0, &options, &again);
        demand_same(&whole, &again);
    }
    free(whole.data);
    free(in_blocks.data);
    free(again.data);
    fuzz_end();
    return 0;
}

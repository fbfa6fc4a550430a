/* SPDX-License-Identifier: MIT */
/* Reading examples from lines, like sgns-batch --examples: the same result however the input
 * arrives, in memory or in a temporary file; lines printed of the examples give the same examples
 * again. */
#include <stdlib.h>
#include <string.h>

#include "batch/example_lines.h"
#include "fuzz.h"

enum { CHUNK = 3 /* bytes */, IN_FILE = 0xf0 /* control bytes from here on: a temporary file */ };

static int read_lines(const void *data, size_t size, size_t chunk, uint64_t limit,
                      struct example_lines *lines, struct vocab *vocab)
{
    struct error err;
    struct input input = input_from(FUZZ_FD, "input");
    fuzz_input(data, size, chunk);
    int result = example_lines_read(lines, &input, limit, vocab, NULL, &err);
    if (result < 0)
        demand_refusal(&err);
    input_release(&input);
    return result;
}

static void put(struct bytes *text, const void *data, size_t size)
{
    struct error err;
    demand_success(bytes_put(text, data, size, &err) == 0, &err);
}

/* Prints an example, as sgns-cat does. */
static void print(const struct example_lines *lines, const struct vocab *vocab,
                  const uint32_t *stored, struct bytes *text)
{
    uint32_t contexts = example_contexts(stored[0]), ids = example_ids(stored[0]);
    demand(contexts >= 1 && contexts <= EXAMPLE_CONTEXTS_MAX);
    for (uint32_t i = 0; i < ids; i++) {
        uint32_t id = lines->new_id ? lines->new_id[stored[1 + i]] : stored[1 + i];
        demand(id != UNKNOWN_ID && id < vocab->words.count);
        if (i > 0)
            put(text, i == 1 || i == 1 + contexts ? "\t" : " ", 1);
        put(text, words_text(&vocab->words, id), words_length(&vocab->words, id));
    }
    put(text, "\n", 1);
}

static void print_all(const struct example_lines *lines, const struct vocab *vocab,
                      struct bytes *text)
{
    struct error err;
    uint32_t *buffer = NULL;
    const uint32_t *stored;
    size_t capacity = 0, size;
    uint64_t examples = 0;
    for (uint64_t at = 0; at < lines->store.log.count; at += size) {
        demand_success(
            example_store_read(&lines->store, at, 7, &buffer, &capacity, &stored, &size, &err) == 0,
            &err);
        demand(size > 0);
        for (size_t i = 0; i < size; i += 1 + (size_t)example_ids(stored[i]), examples++)
            print(lines, vocab, stored + i, text);
    }
    demand(examples == lines->store.count && examples + lines->dropped == lines->lines);
    free(buffer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct example_lines whole, parts, again;
    struct vocab vocab = {0}, vocab_of_parts = {0};
    struct bytes text = {0}, text_of_parts = {0}, text_again = {0};
    uint64_t limit = size > 0 && data[0] >= IN_FILE ? 16 : 1 << 20;
    size_t start = size > 0;
    int result = read_lines(data + start, size - start, 0, 1 << 20, &whole, &vocab);
    demand(read_lines(data + start, size - start, CHUNK, limit, &parts, &vocab_of_parts) == result);
    if (result == 0) {
        print_all(&whole, &vocab, &text);
        print_all(&parts, &vocab_of_parts, &text_of_parts);
        demand(text.size == text_of_parts.size &&
               (text.size == 0 || memcmp(text.data, text_of_parts.data, text.size) == 0));
        if (text.size > 0) {
            demand(read_lines(text.data, text.size, 0, 1 << 20, &again, &vocab) == 0);
            print_all(&again, &vocab, &text_again);
            demand(again.unknown == 0 && text.size == text_again.size &&
                   memcmp(text.data, text_again.data, text.size) == 0);
            example_lines_release(&again);
        }
        example_lines_release(&whole);
        example_lines_release(&parts);
    }
    vocab_release(&vocab);
    vocab_release(&vocab_of_parts);
    free(text.data);
    free(text_of_parts.data);
    free(text_again.data);
    fuzz_end();
    return 0;
}

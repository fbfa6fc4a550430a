/* SPDX-License-Identifier: MIT */
/* Reading vocabularies and test sets from text: the same result however the input arrives; a
 * vocabulary that was read is the same when it is written and read again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "search/testset.h"
#include "text/vocab_file.h"

enum { CHUNK = 3 /* bytes */ };

static bool same_words(const struct words *a, const struct words *b)
{
    bool same = a->count == b->count;
    for (uint32_t i = 0; same && i < a->count; i++)
        same = words_length(a, i) == words_length(b, i) &&
               memcmp(words_text(a, i), words_text(b, i), words_length(a, i)) == 0;
    return same;
}

/* ---- vocabularies ---- */

static int read_vocab(const uint8_t *data, size_t size, size_t chunk, struct vocab_file *file)
{
    struct error err;
    struct input input = input_from(FUZZ_FD, "input");
    fuzz_input(data, size, chunk);
    int result = vocab_file_read(file, &input, &err);
    if (result < 0)
        demand_refusal(&err);
    input_release(&input);
    return result;
}

static void demand_same_vocab(const struct vocab_file *a, const struct vocab_file *b)
{
    demand(a->counted == b->counted && same_words(&a->vocab.words, &b->vocab.words));
    for (uint32_t id = 0; id < a->vocab.words.count; id++)
        demand(a->vocab.count[id] == b->vocab.count[id]);
}

/* <unk> comes first, so that </s> is not in the first line, where it has a meaning. */
static void write_vocab(const struct vocab_file *file, struct bytes *text)
{
    struct error err;
    char count[32];
    for (uint32_t id = 0; id < file->vocab.words.count; id++) {
        int length =
            snprintf(count, sizeof count, "\t%llu\n", (unsigned long long)file->vocab.count[id]);
        demand_success(bytes_put(text, words_text(&file->vocab.words, id),
                                 words_length(&file->vocab.words, id), &err) == 0 &&
                           bytes_put(text, file->counted ? count : "\n",
                                     file->counted ? (size_t)length : 1, &err) == 0,
                       &err);
    }
}

static void check_vocab(const uint8_t *data, size_t size)
{
    struct vocab_file whole = {0}, in_chunks = {0}, again = {0};
    struct bytes text = {0};
    int result = read_vocab(data, size, 0, &whole);
    demand(read_vocab(data, size, CHUNK, &in_chunks) == result);
    if (result == 0) {
        demand_same_vocab(&whole, &in_chunks);
        write_vocab(&whole, &text);
        demand(read_vocab(text.data, text.size, 0, &again) == 0);
        demand_same_vocab(&whole, &again);
    }
    vocab_release(&whole.vocab);
    vocab_release(&in_chunks.vocab);
    vocab_release(&again.vocab);
    free(text.data);
}

/* ---- test sets ---- */

static int read_testset(const uint8_t *data, size_t size, size_t chunk,
                        struct case_folding *folding, struct testset *set)
{
    struct error err;
    fuzz_input(data, size, chunk);
    int result = testset_read(set, FUZZ_FD, "input", folding, &err);
    if (result < 0)
        demand_refusal(&err);
    return result;
}

static void demand_same_testset(const struct testset *a, const struct testset *b, uint32_t words)
{
    demand(a->kind == b->kind && a->items == b->items && a->sections == b->sections);
    demand(same_words(&a->unknown, &b->unknown));
    for (size_t i = 0; i < a->items; i++) {
        const struct test_item *item = &a->item[i];
        demand(memcmp(item->word, b->item[i].word, sizeof item->word) == 0);
        demand(item->rating == b->item[i].rating && item->section < a->sections);
        for (int w = 0; w < (a->kind == TESTSET_PAIRS ? 2 : 4); w++)
            demand(item->word[w] < words || item->word[w] == NO_WORD);
    }
}

static void check_testset(const uint8_t *data, size_t size, bool match_case)
{
    static const char *const known[] = {"a", "B", "new york", "1", "\xc3\x89"};
    struct error err;
    struct words words = {0};
    struct case_folding folding;
    struct testset whole = {0}, in_chunks = {0};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        demand_success(words_append(&words, known[i], strlen(known[i]), &err) == 0, &err);
    demand_success(case_folding_init(&folding, &words, words.count, match_case, &err) == 0, &err);
    int result = read_testset(data, size, 0, &folding, &whole);
    demand(read_testset(data, size, CHUNK, &folding, &in_chunks) == result);
    if (result == 0)
        demand_same_testset(&whole, &in_chunks, words.count);
    testset_release(&whole);
    testset_release(&in_chunks);
    case_folding_release(&folding);
    words_release(&words);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned how = size > 0 ? data[0] : 0;
    data += size > 0;
    size -= size > 0;
    if (how & 1)
        check_vocab(data, size);
    else
        check_testset(data, size, how & 2);
    fuzz_end();
    return 0;
}

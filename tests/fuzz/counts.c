/* SPDX-License-Identifier: MIT */
/* Reading a counts stream, merging it with itself, and selecting vocabularies from it. */
#include <stdlib.h>

#include "base/memory.h"
#include "fuzz.h"
#include "stream/counts.h"
#include "text/word_counter.h"

MUTATE_RECORDS

static uint64_t sum_of(const struct vocab *vocab)
{
    uint64_t sum = 0;
    for (uint32_t id = 0; id < vocab->words.count; id++)
        sum += vocab->count[id];
    return sum;
}

/* Merging it a second time must double all counts, or be refused if they overflow. */
static void merge_twice(const struct header *header, const struct corpus_totals *totals)
{
    struct word_counter counter;
    struct error err;
    demand_success(word_counter_init(&counter, &err) == 0, &err);
    demand_success(word_counter_merge(&counter, "input", &header->vocab, totals, &err) == 0, &err);
    demand(counter.counted.words.count == header->vocab.words.count);
    if (word_counter_merge(&counter, "input", &header->vocab, totals, &err) < 0) {
        demand_refusal(&err);
        demand(totals->tokens >> 63 || totals->sentences >> 63);
    } else {
        demand(sum_of(&counter.counted) == 2 * totals->tokens);
        demand(counter.totals.sentences == 2 * totals->sentences);
    }
    word_counter_release(&counter);
}

static void select_words(const struct vocab *counted, uint64_t min_count, uint32_t max_words)
{
    struct error err;
    struct vocab cut = {0};
    const struct words *words = &counted->words;
    uint32_t *id = memory_new(words->count, sizeof *id, &err);
    demand_success(id, &err);
    demand_success(
        vocab_select(&cut, words, counted->count, 0, min_count, max_words, id, &err) == 0, &err);
    demand(cut.words.count <= max_words && sum_of(&cut) == sum_of(counted));
    for (uint32_t i = 0; i < words->count; i++)
        demand(id[i] < cut.words.count);
    for (uint32_t i = 2; i < cut.words.count; i++)
        demand(cut.count[i] <= cut.count[i - 1] && cut.count[i] >= min_count);
    vocab_release(&cut);
    free(id);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct header header = {0};
    struct corpus_totals totals;
    struct error err;
    const struct payload *p = payload_of(STREAM_COUNTS, data, size);
    fuzz_payload(p->bytes.data, p->bytes.size, p->chunk);
    struct stream_reader *stream = stream_reader_open(FUZZ_FD, "input", STREAM_COUNTS, &err);
    if (!stream || counts_read(stream, &header, &totals, &err) < 0) {
        demand_refusal(&err);
    } else {
        merge_twice(&header, &totals);
        select_words(&header.vocab, p->choice + 1, p->choice % 5 + 1);
        select_words(&header.vocab, 1, WORDS_MAX);
    }
    stream_reader_close(stream);
    header_release(&header);
    fuzz_end();
    return 0;
}

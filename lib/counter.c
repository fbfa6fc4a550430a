/* SPDX-License-Identifier: MIT */
#include "counter.h"

#include <stdlib.h>

#include "memory.h"

int counter_init(struct counter *c, struct error *err)
{
    *c = (struct counter){0};
    c->index = word_index_new(&c->words, err);
    return c->index ? 0 : -1;
}

void counter_release(struct counter *c)
{
    word_index_free(c->index);
    words_release(&c->words);
    free(c->count);
    *c = (struct counter){0};
}

static int reserve_counts(struct counter *c, uint32_t known, struct error *err)
{
    if (memory_reserve(&c->count, &c->count_capacity, c->words.count, sizeof *c->count, err) < 0)
        return -1;
    for (uint32_t id = known; id < c->words.count; id++)
        c->count[id] = 0;
    return 0;
}

int counter_add(struct counter *c, const struct tokens *tokens, uint32_t *place, struct error *err)
{
    uint32_t known = c->words.count;
    if (word_index_intern_all(c->index, tokens, place, err) < 0 ||
        reserve_counts(c, known, err) < 0)
        return -1;
    uint32_t lines = 0, bad_words = 0;
    for (uint32_t i = 0; i < tokens->count; i++) {
        if (place[i] != NO_WORD) {
            c->count[place[i]]++;
        } else if (tokens->length[i] == TOKEN_LINE_END) {
            place[i] = SENTENCE_END;
            lines++;
        } else {
            place[i] = NOWHERE;
            bad_words++;
        }
    }
    c->bad_words += bad_words;
    c->totals.sentences += lines;
    c->totals.tokens += tokens->count - lines;
    return 0;
}

uint32_t *counter_select(const struct counter *c, uint64_t min_count, uint32_t max_words,
                         struct vocab *vocab, struct error *err)
{
    uint32_t words = c->words.count;
    uint32_t *new_id = memory_new((size_t)words + 2, sizeof *new_id, err);
    if (!new_id || vocab_select(vocab, &c->words, c->count, c->bad_words, min_count, max_words,
                                new_id, err) < 0) {
        free(new_id);
        return NULL;
    }
    new_id[words] = UNKNOWN_ID; /* of NOWHERE */
    new_id[words + 1] = SENTENCE_END;
    return new_id;
}

void counter_translate(const struct counter *c, const uint32_t *new_id, uint32_t *place,
                       size_t count)
{
    uint32_t words = c->words.count;
    for (size_t i = 0; i < count; i++)
        place[i] = new_id[place[i] < words ? place[i] : words + (place[i] == SENTENCE_END)];
}

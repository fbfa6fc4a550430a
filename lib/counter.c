/* SPDX-License-Identifier: MIT */
#include "counter.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"

int counter_init(struct counter *c, struct error *err)
{
    *c = (struct counter){0};
    if (vocab_append(&c->counted, UNKNOWN_WORD, strlen(UNKNOWN_WORD), 0, err) == 0)
        c->index = word_index_new(&c->counted.words, err);
    if (!c->index)
        counter_release(c);
    return c->index ? 0 : -1;
}

void counter_release(struct counter *c)
{
    word_index_free(c->index);
    vocab_release(&c->counted);
    *c = (struct counter){0};
}

/* Zeros for the words behind the first `known`. */
static int start_counts(struct counter *c, uint32_t known, struct error *err)
{
    struct vocab *v = &c->counted;
    if (memory_reserve(&v->count, &v->count_capacity, v->words.count, sizeof *v->count, err) < 0)
        return -1;
    for (uint32_t id = known; id < v->words.count; id++)
        v->count[id] = 0;
    return 0;
}

int counter_add(struct counter *c, const struct tokens *tokens, uint32_t *place, struct error *err)
{
    uint32_t known = c->counted.words.count;
    if (word_index_intern_all(c->index, tokens, place, err) < 0 || start_counts(c, known, err) < 0)
        return -1;
    uint64_t *count = c->counted.count;
    uint32_t lines = 0, bad_words = 0;
    for (uint32_t i = 0; i < tokens->count; i++) {
        if (place[i] != NO_WORD) {
            count[place[i]]++;
        } else if (tokens->length[i] == TOKEN_LINE_END) {
            place[i] = SENTENCE_END;
            lines++;
        } else {
            place[i] = UNKNOWN_ID;
            count[UNKNOWN_ID]++;
            bad_words++;
        }
    }
    c->bad_words += bad_words;
    c->totals.sentences += lines;
    c->totals.tokens += tokens->count - lines;
    return 0;
}

int counter_merge(struct counter *c, const char *name, const struct vocab *counted,
                  const struct corpus_totals *totals, struct error *err)
{
    if (totals->tokens > UINT64_MAX - c->totals.tokens ||
        totals->sentences > UINT64_MAX - c->totals.sentences)
        return error_set(err, STATUS_INPUT, "%s: with those before, the counts overflow", name);
    for (uint32_t id = 0; id < counted->words.count; id++) {
        uint32_t known = c->counted.words.count;
        uint32_t place = word_index_intern(c->index, words_text(&counted->words, id),
                                           words_length(&counted->words, id), err);
        if (place == NO_WORD || start_counts(c, known, err) < 0)
            return -1;
        c->counted.count[place] += counted->count[id];
    }
    c->totals.tokens += totals->tokens;
    c->totals.sentences += totals->sentences;
    return 0;
}

uint32_t *counter_select(const struct counter *c, uint64_t min_count, uint32_t max_words,
                         struct vocab *vocab, struct error *err)
{
    uint32_t words = c->counted.words.count;
    uint32_t *new_id = memory_new((size_t)words + 1, sizeof *new_id, err);
    if (!new_id || vocab_select(vocab, &c->counted.words, c->counted.count, 0, min_count, max_words,
                                new_id, err) < 0) {
        free(new_id);
        return NULL;
    }
    new_id[words] = SENTENCE_END;
    return new_id;
}

void counter_translate(const struct counter *c, const uint32_t *new_id, uint32_t *place,
                       size_t count)
{
    uint32_t words = c->counted.words.count;
    for (size_t i = 0; i < count; i++)
        place[i] = new_id[place[i] < words ? place[i] : words];
}

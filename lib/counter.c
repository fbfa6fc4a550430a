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

int counter_add(struct counter *c, const struct tokens *tokens, uint32_t *number, struct error *err)
{
    uint32_t known = c->counted.words.count;
    if (word_index_intern_all(c->index, tokens, number, err) < 0 || start_counts(c, known, err) < 0)
        return -1;
    uint64_t *count = c->counted.count;
    uint32_t lines = 0, bad_words = 0;
    for (uint32_t i = 0; i < tokens->count; i++) {
        uint32_t place = number[i];
        if (place == NO_WORD && tokens->length[i] != TOKEN_LINE_END) {
            place = UNKNOWN_ID;
            bad_words++;
        }
        if (place != NO_WORD)
            count[place]++;
        else
            lines++;
        number[i] = place + 1;
    }
    c->bad_words += bad_words;
    c->totals.sentences += lines;
    c->totals.tokens += tokens->count - lines;
    return 0;
}

/* Of a word counted elsewhere, its place here, or NO_WORD on error. */
static uint32_t add_word(struct counter *c, const struct vocab *counted, uint32_t id,
                         struct error *err)
{
    uint32_t known = c->counted.words.count;
    uint32_t place = word_index_intern(c->index, words_text(&counted->words, id),
                                       words_length(&counted->words, id), err);
    if (place == NO_WORD || start_counts(c, known, err) < 0)
        return NO_WORD;
    c->counted.count[place] += counted->count[id];
    return place;
}

int counter_join(struct counter *c, const struct counter *from, uint32_t first, uint32_t end,
                 uint32_t *place, struct error *err)
{
    for (uint32_t id = first; id < end; id++) {
        place[id] = add_word(c, &from->counted, id, err);
        if (place[id] == NO_WORD)
            return -1;
    }
    return 0;
}

void counter_join_totals(struct counter *c, const struct counter *from)
{
    c->totals.tokens += from->totals.tokens;
    c->totals.sentences += from->totals.sentences;
    c->bad_words += from->bad_words;
}

int counter_merge(struct counter *c, const char *name, const struct vocab *counted,
                  const struct corpus_totals *totals, struct error *err)
{
    if (totals->tokens > UINT64_MAX - c->totals.tokens ||
        totals->sentences > UINT64_MAX - c->totals.sentences)
        return error_set(err, STATUS_INPUT, "%s: with those before, the counts overflow", name);
    for (uint32_t id = 0; id < counted->words.count; id++)
        if (add_word(c, counted, id, err) == NO_WORD)
            return -1;
    c->totals.tokens += totals->tokens;
    c->totals.sentences += totals->sentences;
    return 0;
}

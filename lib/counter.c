/* SPDX-License-Identifier: MIT */
#include "counter.h"

#include <stdlib.h>

#include "memory.h"

/* In `token`, before the ids are known; like SENTENCE_END no place in `words`. */
#define BAD_WORD (SENTENCE_END - 1)

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
    free(c->token);
    *c = (struct counter){0};
}

static int keep(struct counter *c, uint32_t token, struct error *err)
{
    if (memory_reserve(&c->token, &c->token_capacity, c->tokens + 1, sizeof *c->token, err) < 0)
        return -1;
    c->token[c->tokens++] = token;
    return 0;
}

int counter_add_word(struct counter *c, const char *word, size_t length, struct error *err)
{
    uint32_t known = c->words.count;
    uint32_t id = word_index_intern(c->index, word, length, err);
    if (id == NO_WORD)
        return -1;
    if (id == known) {
        if (memory_reserve(&c->count, &c->count_capacity, (size_t)id + 1, sizeof *c->count, err) <
            0)
            return -1;
        c->count[id] = 0;
    }
    c->count[id]++;
    return keep(c, id, err);
}

int counter_add_bad_word(struct counter *c, struct error *err)
{
    c->bad_words++;
    return keep(c, BAD_WORD, err);
}

int counter_end_sentence(struct counter *c, struct error *err)
{
    return keep(c, SENTENCE_END, err);
}

int counter_select(struct counter *c, uint64_t min_count, uint32_t max_words, struct vocab *vocab,
                   struct error *err)
{
    uint32_t *new_id = memory_new(c->words.count, sizeof *new_id, err);
    if (!new_id || vocab_select(vocab, &c->words, c->count, c->bad_words, min_count, max_words,
                                new_id, err) < 0) {
        free(new_id);
        return -1;
    }
    for (size_t i = 0; i < c->tokens; i++)
        if (c->token[i] == BAD_WORD)
            c->token[i] = UNKNOWN_ID;
        else if (c->token[i] != SENTENCE_END)
            c->token[i] = new_id[c->token[i]];
    free(new_id);
    return 0;
}

/* SPDX-License-Identifier: MIT */
#include "text/word_counter.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

int word_counter_init(struct word_counter *c, struct error *err)
{
    *c = (struct word_counter){0};
    if (vocab_append(&c->counted, UNKNOWN_WORD, strlen(UNKNOWN_WORD), 0, err) == 0)
        c->index = word_index_new(&c->counted.words, err);
    if (!c->index)
        word_counter_release(c);
    return c->index ? 0 : -1;
}

void word_counter_release(struct word_counter *c)
{
    word_index_free(c->index);
    vocab_release(&c->counted);
    *c = (struct word_counter){0};
}

/* Sets the counts of the words after the first `known` to zero. */
static int start_counts(struct word_counter *c, uint32_t known, struct error *err)
{
    struct vocab *v = &c->counted;
    if (memory_reserve(&v->count, &v->count_capacity, v->words.count, sizeof *v->count, err) < 0)
        return -1;
    for (uint32_t id = known; id < v->words.count; id++)
        v->count[id] = 0;
    return 0;
}

int word_counter_add(struct word_counter *c, const struct tokens *tokens, uint32_t *code,
                     struct error *err)
{
    uint32_t known = c->counted.words.count;
    if (word_index_intern_all(c->index, tokens, code, err) < 0 || start_counts(c, known, err) < 0)
        return -1;
    uint64_t *count = c->counted.count;
    uint32_t lines = 0, bad_words = 0;
    for (uint32_t i = 0; i < tokens->count; i++) {
        uint32_t id = code[i];
        if (id == NO_WORD && tokens->length[i] != TOKEN_LINE_END) {
            id = UNKNOWN_ID;
            bad_words++;
        }
        if (id != NO_WORD)
            count[id]++;
        else
            lines++;
        code[i] = id + TOKEN_CODE_FIRST_WORD; /* from NO_WORD: TOKEN_CODE_SENTENCE_END */
    }
    c->bad_words += bad_words;
    c->totals.sentences += lines;
    c->totals.tokens += tokens->count - lines;
    return 0;
}

/* Makes tokens of `count` words, as if they were those of a text. */
static void words_as_tokens(const struct words *words, uint32_t first, uint32_t count,
                            struct tokens *tokens)
{
    tokens->count = count;
    for (uint32_t i = 0; i < count; i++) {
        tokens->text[i] = words_text(words, first + i);
        tokens->length[i] = (uint32_t)words_length(words, first + i);
    }
}

int word_counter_add_words(struct word_counter *c, const struct vocab *from, uint32_t first,
                           uint32_t end, uint32_t *new_id, struct error *err)
{
    struct tokens tokens;
    for (uint32_t id = first; id < end; id += tokens.count) {
        uint32_t known = c->counted.words.count;
        words_as_tokens(&from->words, id, end - id < TOKENS_MAX ? end - id : TOKENS_MAX, &tokens);
        if (word_index_intern_all(c->index, &tokens, new_id + id, err) < 0 ||
            start_counts(c, known, err) < 0)
            return -1;
        for (uint32_t i = id; i < id + tokens.count; i++)
            c->counted.count[new_id[i]] += from->count[i];
    }
    return 0;
}

void word_counter_add_totals(struct word_counter *c, const struct word_counter *from)
{
    c->totals.tokens += from->totals.tokens;
    c->totals.sentences += from->totals.sentences;
    c->bad_words += from->bad_words;
}

int word_counter_merge(struct word_counter *c, const char *name, const struct vocab *counted,
                       const struct corpus_totals *totals, struct error *err)
{
    if (totals->tokens > UINT64_MAX - c->totals.tokens ||
        totals->sentences > UINT64_MAX - c->totals.sentences)
        return error_set(err, STATUS_INPUT,
                         "%s: adding its counts to those of the inputs before it overflows", name);
    uint32_t words = counted->words.count;
    uint32_t *new_id = memory_new(words, sizeof *new_id, err);
    int result = new_id ? word_counter_add_words(c, counted, 0, words, new_id, err) : -1;
    free(new_id);
    if (result < 0)
        return -1;
    c->totals.tokens += totals->tokens;
    c->totals.sentences += totals->sentences;
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* counter.h -- counts the words of a text and keeps the text, so that one pass over it is enough.
 */
#ifndef SGNS_COUNTER_H
#define SGNS_COUNTER_H

#include <stdint.h>

#include "corpus.h"
#include "words.h"

struct counter {
    struct words words; /* every different word, by first appearance */
    struct word_index *index;
    uint64_t *count; /* of each */
    uint32_t *token; /* the text, as places in `words`; after counter_select as ids */
    size_t tokens, count_capacity, token_capacity;
    uint64_t bad_words;
};

int counter_init(struct counter *c, struct error *err) MUST_USE;
void counter_release(struct counter *c);

int counter_add_word(struct counter *c, const char *word, size_t length,
                     struct error *err) MUST_USE;
/* A token that can be no word; it counts as unknown. */
int counter_add_bad_word(struct counter *c, struct error *err) MUST_USE;
int counter_end_sentence(struct counter *c, struct error *err) MUST_USE;

/* Builds the vocabulary (vocab_select), and turns the kept tokens into its ids. */
int counter_select(struct counter *c, uint64_t min_count, uint32_t max_words, struct vocab *vocab,
                   struct error *err) MUST_USE;

#endif

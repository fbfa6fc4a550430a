/* SPDX-License-Identifier: MIT */
/* counter.h -- counts the words of a text, and turns it into numbers that become ids later. */
#ifndef SGNS_COUNTER_H
#define SGNS_COUNTER_H

#include <stdint.h>

#include "corpus.h"
#include "words.h"

struct counter {
    struct words words; /* every different word, by first appearance */
    struct word_index *index;
    uint64_t *count; /* of each */
    size_t count_capacity;
    uint64_t bad_words;
    struct corpus_totals totals;
};

int counter_init(struct counter *c, struct error *err) MUST_USE;
void counter_release(struct counter *c);

#define NOWHERE (SENTENCE_END - 1)

/* Counts the tokens. place[i] is then the place in `words` of token i; NOWHERE for a bad word, which
 * counts as unknown; SENTENCE_END for the end of a line. */
int counter_add(struct counter *c, const struct tokens *tokens, uint32_t *place,
                struct error *err) MUST_USE;

/* Builds the vocabulary (vocab_select). Returns what counter_translate takes, the caller's to free,
 * or NULL. */
uint32_t *counter_select(const struct counter *c, uint64_t min_count, uint32_t max_words,
                         struct vocab *vocab, struct error *err) MUST_USE;

/* Turns places into ids of that vocabulary. */
void counter_translate(const struct counter *c, const uint32_t *new_id, uint32_t *place,
                       size_t count);

#endif

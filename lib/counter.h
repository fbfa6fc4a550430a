/* SPDX-License-Identifier: MIT */
/* counter.h -- counts the words of a text, and makes it numbers that become ids later. */
#ifndef SGNS_COUNTER_H
#define SGNS_COUNTER_H

#include <stdint.h>

#include "corpus.h"
#include "words.h"

struct counter {
    struct vocab counted; /* <unk>, then every other word by first appearance, however rare */
    struct word_index *index;
    struct corpus_totals totals;
    uint64_t bad_words; /* of these tokens; counted as <unk> */
};

int counter_init(struct counter *c, struct error *err) MUST_USE;
void counter_release(struct counter *c);

/* Counts the tokens. place[i] is then the place in `counted` of token i, or SENTENCE_END. */
int counter_add(struct counter *c, const struct tokens *tokens, uint32_t *place,
                struct error *err) MUST_USE;

/* Counts what was counted elsewhere, as if its text came next. `name` is for the message, with
 * status 3, where a total overflows. */
int counter_merge(struct counter *c, const char *name, const struct vocab *counted,
                  const struct corpus_totals *totals, struct error *err) MUST_USE;

/* Builds the vocabulary (vocab_select). Returns what counter_translate takes, the caller's to free,
 * or NULL. */
uint32_t *counter_select(const struct counter *c, uint64_t min_count, uint32_t max_words,
                         struct vocab *vocab, struct error *err) MUST_USE;

/* Turns places into ids of that vocabulary. */
void counter_translate(const struct counter *c, const uint32_t *new_id, uint32_t *place,
                       size_t count);

#endif

/* SPDX-License-Identifier: MIT */
/* word_counter.h -- counts the words of a text, and makes it numbers that become ids later. */
#ifndef SGNS_WORD_COUNTER_H
#define SGNS_WORD_COUNTER_H

#include <stdint.h>

#include "stream/corpus.h"
#include "stream/words.h"

struct word_counter {
    struct vocab counted; /* <unk>, then every other word by first appearance, however rare */
    struct word_index *index;
    struct corpus_totals totals;
    uint64_t bad_words; /* of these tokens; counted as <unk> */
};

int word_counter_init(struct word_counter *c, struct error *err) MUST_USE;
void word_counter_release(struct word_counter *c);

/* What a token is told as: a sentence's end, or its word's place in `counted` and 1. */
enum { NUMBER_SENTENCE_END = 0, NUMBER_FIRST_WORD = 1 };

/* Counts the tokens; number[i] is then that of token i. */
int word_counter_add(struct word_counter *c, const struct tokens *tokens, uint32_t *number,
                     struct error *err) MUST_USE;

/* Counts what was counted elsewhere, as if its text came next. `name` is for the message, with
 * status 3, where a total overflows. */
int word_counter_merge(struct word_counter *c, const char *name, const struct vocab *counted,
                       const struct corpus_totals *totals, struct error *err) MUST_USE;

/* Takes over words `first` to `end` − 1, counted elsewhere, with their counts, as if their text came
 * next; place[id] is then the place here of word `id`. */
int word_counter_join(struct word_counter *c, const struct vocab *from, uint32_t first,
                      uint32_t end, uint32_t *place, struct error *err) MUST_USE;
/* What of the other counter belongs to no word. */
void word_counter_join_totals(struct word_counter *c, const struct word_counter *from);

#endif

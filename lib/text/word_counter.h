/* SPDX-License-Identifier: MIT */
/* word_counter.h -- counts the words of a text and turns its tokens into codes. */
#ifndef SGNS_WORD_COUNTER_H
#define SGNS_WORD_COUNTER_H

#include <stdint.h>

#include "stream/corpus.h"
#include "stream/words.h"

struct word_counter {
    struct vocab counted; /* <unk>, then every other word by first appearance, however rare */
    struct word_index *index;
    struct corpus_totals totals;
    uint64_t bad_words; /* among these tokens; counted as <unk> */
};

int word_counter_init(struct word_counter *c, struct error *err) MUST_USE;
void word_counter_release(struct word_counter *c);

/* A token code is 0 for the end of a sentence, or 1 plus the word's id in `counted`. Codes are
 * turned into ids of the vocabulary when that is known. */
enum { TOKEN_CODE_SENTENCE_END = 0, TOKEN_CODE_FIRST_WORD = 1 };

/* Counts the tokens and stores the code of token i in code[i]. */
int word_counter_add(struct word_counter *c, const struct tokens *tokens, uint32_t *code,
                     struct error *err) MUST_USE;

/* Adds the words and totals of another count, as if its text followed this one. If a total
 * overflows, the error has status 3 and names the input `name`. */
int word_counter_merge(struct word_counter *c, const char *name, const struct vocab *counted,
                       const struct corpus_totals *totals, struct error *err) MUST_USE;

/* Adds words `first` to `end` − 1 of another count, with their counts, as if its text followed this
 * one. new_id[i] becomes the id in c->counted of word i of `from`. */
int word_counter_add_words(struct word_counter *c, const struct vocab *from, uint32_t first,
                           uint32_t end, uint32_t *new_id, struct error *err) MUST_USE;
/* Adds the totals and the number of bad words of another counter. */
void word_counter_add_totals(struct word_counter *c, const struct word_counter *from);

#endif

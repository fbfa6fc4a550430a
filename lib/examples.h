/* SPDX-License-Identifier: MIT */
/* examples.h -- training examples from a corpus: centre, context and noise words.
 *
 * The corpus stays in memory as tokens; no example is stored. An example is drawn from the position
 * of its centre word, so that it can be made at any time, in any order, by any thread: frozen
 * examples are the same in every epoch, fresh ones have the epoch in their random key as well.
 */
#ifndef SGNS_EXAMPLES_H
#define SGNS_EXAMPLES_H

#include <stdbool.h>
#include <stdint.h>

#include "alias.h"
#include "batches.h"
#include "corpus.h"

struct examples_options {
    uint32_t window;       /* the widest; each centre draws its own from 1 to this */
    uint32_t negatives;    /* noise words per context word */
    double noise_exponent; /* of the counts */
    bool fresh;            /* windows and noise drawn anew in every epoch */
    bool shuffle;
    uint64_t seed;
};

struct examples {
    struct examples_options options;
    uint32_t words;
    /* The sentences of at least two known words, each closed by SENTENCE_END, and one such mark
     * before the first: a walk to either side of a centre always meets a mark. */
    uint32_t *token;
    size_t tokens, token_capacity;
    size_t sentence; /* where the sentence that is being added starts */
    uint64_t count;  /* of examples: one per known word of these sentences */
    uint64_t *order; /* the positions of the centres, in the order of the epoch */
    double *weight;  /* of each word as noise, by id; <unk> has none */
    struct alias_table noise;
    uint32_t noise_words; /* words that can be drawn */
    uint32_t *context;    /* (2 window), of the example that is being made */
};

int examples_init(struct examples *e, const struct examples_options *options,
                  const struct vocab *vocab, struct error *err) MUST_USE;
void examples_release(struct examples *e);

/* Adds tokens of the corpus; <unk> is dropped. */
int examples_add(struct examples *e, const uint32_t *token, size_t n, struct error *err) MUST_USE;

/* Puts the centres into the order of an epoch (from 0): a uniformly random permutation that depends
 * on seed and epoch alone; without shuffling, that of the corpus. */
int examples_start_epoch(struct examples *e, uint64_t epoch, struct error *err) MUST_USE;

/* Appends the example of place `place` in the order to `batch`. An error of status 3 where the
 * vocabulary has no noise word for it. */
int examples_make(struct examples *e, uint64_t place, uint64_t epoch, struct minibatch *batch,
                  struct error *err) MUST_USE;

#endif

/* SPDX-License-Identifier: MIT */
/* subsample.h -- drops occurrences of frequent words.
 *
 * Mikolov et al., "Distributed representations of words and phrases and their compositionality",
 * NIPS 2013, section 2.3, in the form of the book: an occurrence of w is kept with probability
 * min(1, sqrt(t N / c(w))), N the number of tokens but <unk>, c(w) the count of w.
 */
#ifndef SGNS_SUBSAMPLE_H
#define SGNS_SUBSAMPLE_H

#include <stdbool.h>
#include <stdint.h>

#include "random.h"
#include "vocab.h"

struct subsampler {
    double *keep; /* probability of each word, by id */
    uint64_t seed;
    uint64_t token; /* tokens seen, <unk> not counted: the place of the next one */
    uint64_t word[RANDOM_BLOCK];
};

int subsampler_init(struct subsampler *s, const struct vocab *vocab, double threshold,
                    uint64_t seed, struct error *err) MUST_USE;
void subsampler_release(struct subsampler *s);

/* Whether the next token of the corpus, the word `id`, stays. <unk> never does. */
bool subsampler_keeps(struct subsampler *s, uint32_t id);

#endif

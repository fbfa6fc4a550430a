/* SPDX-License-Identifier: MIT */
/* subsample.h -- drops occurrences of frequent words.
 *
 * Mikolov et al., "Distributed representations of words and phrases and their compositionality",
 * NIPS 2013, section 2.3, in the form of the book: an occurrence of w is kept with probability
 * min(1, sqrt(t / f)), f = c(w) / N, N the number of tokens but <unk>, c(w) the count of w. The
 * program word2vec, and after it gensim and fastText, keep more: min(1, sqrt(t / f) + t / f).
 */
#ifndef SGNS_SUBSAMPLE_H
#define SGNS_SUBSAMPLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/random.h"
#include "stream/vocab.h"

struct subsampler {
    double *keep; /* probability of each word, by id */
    uint64_t seed, draw;
    uint64_t token; /* place of the next token, <unk> not counted */
    uint64_t word[RANDOM_BLOCK];
};

struct subsample_options {
    double threshold; /* t */
    bool word2vec;    /* that program's probability */
    uint64_t seed;
};

/* It stands at the first token of the corpus, with draw 0. */
int subsampler_init(struct subsampler *s, const struct vocab *vocab,
                    const struct subsample_options *options, struct error *err) MUST_USE;
void subsampler_release(struct subsampler *s);

/* Goes to a place among the tokens. What is kept in one draw is independent of other draws. */
void subsampler_seek(struct subsampler *s, uint64_t token, uint64_t draw);

/* Whether the next token of the corpus, the word `id`, stays. <unk> never does. */
bool subsampler_keeps(struct subsampler *s, uint32_t id);

#endif

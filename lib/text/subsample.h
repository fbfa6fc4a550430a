/* SPDX-License-Identifier: MIT */
/* subsample.h -- drops occurrences of frequent words at random.
 *
 * Mikolov et al., "Distributed representations of words and phrases and their compositionality",
 * NIPS 2013, section 2.3, in the form of the book Dive into Deep Learning (d2l.ai): an occurrence
 * of word w is kept with probability min(1, sqrt(t / f)), where f = c(w) / N, c(w) is the count of
 * w, and N the number of tokens without <unk>. The program word2vec, and after it gensim and
 * fastText, keep more occurrences: min(1, sqrt(t / f) + t / f).
 */
#ifndef SGNS_SUBSAMPLE_H
#define SGNS_SUBSAMPLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/random.h"
#include "stream/vocab.h"

struct subsampler {
    double *keep; /* (words) the probability with which an occurrence of the word is kept */
    uint64_t seed, draw;
    uint64_t token; /* index of the next token, not counting <unk> */
    uint64_t word[RANDOM_BLOCK];
};

struct subsample_options {
    double threshold; /* t */
    bool word2vec;    /* use the probability of the program word2vec */
    uint64_t seed;
};

/* The subsampler starts at the first token of the corpus, with draw 0. */
int subsampler_init(struct subsampler *s, const struct vocab *vocab,
                    const struct subsample_options *options, struct error *err) MUST_USE;
void subsampler_release(struct subsampler *s);

/* Moves to token number `token` of draw number `draw`. Draws are independent of each other. */
void subsampler_seek(struct subsampler *s, uint64_t token, uint64_t draw);

/* Whether the next token of the corpus, which is the word `id`, is kept. <unk> never is. */
bool subsampler_keeps(struct subsampler *s, uint32_t id);

#endif

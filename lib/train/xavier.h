/* SPDX-License-Identifier: MIT */
/* xavier.h -- initial weights: Xavier-uniform, U(−a, a) with a = √(6 / (words + dim)). Glorot and
 * Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010.
 */
#ifndef SGNS_XAVIER_H
#define SGNS_XAVIER_H

#include <stdint.h>

struct xavier {
    uint64_t seed;
    double bound;
};

struct xavier xavier_init(uint32_t words, uint32_t dim, uint64_t seed);

/* Stores `n` weights of V or U (words × dim), from index `first` of the matrix on, in weight
 * (n). */
enum weights { WEIGHTS_CENTRE, WEIGHTS_CONTEXT };
void xavier_fill(const struct xavier *xavier, enum weights matrix, uint64_t first, float *weight,
                 uint32_t n);

#endif

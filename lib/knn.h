/* SPDX-License-Identifier: MIT */
/* knn.h -- the nearest words of a word, by the cosine of their vectors. */
#ifndef SGNS_KNN_H
#define SGNS_KNN_H

#include <stdint.h>

#include "error.h"

struct neighbour {
    uint32_t id;
    double cosine;
};

/* The nearest rows of row `query` of rows (words × dim), itself left out, the nearest first, equal
 * ones by id. Fills found (k) and returns how many there are, min(k, words − 1), or −1.
 *
 * cos(q, w) = W_q · W_w / √(|W_w|² |W_q|² + 1e-9), as the book has it, but never outside −1 … 1. */
int64_t knn_search(const float *rows, uint32_t words, uint32_t dim, uint32_t query, uint32_t k,
                   struct neighbour *found, struct error *err) MUST_USE;

#endif

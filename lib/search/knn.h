/* SPDX-License-Identifier: MIT */
/* knn.h -- the words nearest to a vector, a word's or any other, by the cosine: one interface, a
 * backend per device.
 *
 * cos(q, w) = q · W_w / √(|W_w|² |q|² + 1e-9), as the book has it, but never outside −1 … 1.
 * The nearest come first, equal ones by id. The search is exact: what comes out depends on the
 * vectors alone, not on threads or on how queries are grouped.
 */
#ifndef SGNS_KNN_H
#define SGNS_KNN_H

#include <stdint.h>

#include "base/error.h"
#include "stream/words.h"

#define KNN_EPSILON 1e-9

enum { KNN_MANY = 8 /* queries that pay for a search prepared for many */ };

struct neighbour {
    uint32_t id; /* NO_WORD behind the last one, where fewer words are left than were asked for */
    double cosine;
};

/* A vector, and the words that are no answer to it. Both stay the caller's. */
struct knn_query {
    const float *vector;     /* (dim), finite */
    const uint32_t *exclude; /* (excluded) */
    uint32_t excluded;
};

/* What is to be searched, and how much: a backend prepares for it when it is created. */
struct knn_config {
    const float *rows; /* (words, dim): stays the caller's, and must outlive the search */
    uint32_t words, dim;
    uint64_t queries; /* about how many there will be in all */
    uint32_t k;       /* the most neighbours that will be asked for, less than words */
    unsigned threads; /* on the CPU, at most: at least 1 */
};

struct knn;

struct knn_methods {
    /* The k nearest to each query (n), 1 ≤ k ≤ config.k, into found (n × k). The more queries in a
     * call, the faster, up to some thousands. */
    int (*search)(struct knn *knn, const struct knn_query *query, uint32_t n, uint32_t k,
                  struct neighbour *found, struct error *err);
    void (*destroy)(struct knn *knn);
};

/* A backend's own struct begins with this one. */
struct knn {
    const struct knn_methods *methods;
    char device[32]; /* "cpu", "cuda:0" */
};

/* The query for the neighbours of a word, which is none of its own. */
static inline struct knn_query knn_query_word(const struct knn_config *config, const uint32_t *word)
{
    return (struct knn_query){config->rows + (size_t)*word * config->dim, word, 1};
}

#endif

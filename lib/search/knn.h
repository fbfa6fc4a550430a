/* SPDX-License-Identifier: MIT */
/* knn.h -- finds the words whose vectors are nearest, by cosine, to a given vector. One interface,
 * one backend per device.
 *
 * cos(q, w) = q · W_w / √(|W_w|² |q|² + 1e-9), where W_w is row w of the vectors and q the query,
 * as in the book Dive into Deep Learning (d2l.ai), but limited to -1 … 1. The nearest word comes
 * first; words with equal cosines are ordered by id. The search is exact: the result depends on the
 * vectors alone, not on threads, on the grouping of queries, or on the device, except for the last
 * bits of a cosine.
 */
#ifndef SGNS_KNN_H
#define SGNS_KNN_H

#include <stdint.h>

#include "base/error.h"
#include "stream/words.h"

#define KNN_EPSILON 1e-9

enum { KNN_MANY = 8 /* from this number of queries on, preparing for many queries pays off */ };

struct neighbour {
    uint32_t id; /* NO_WORD after the last one, if there are fewer than k words to find */
    double cosine;
};

/* A vector, and the words that are excluded from the result. Both stay the caller's. */
struct knn_query {
    const float *vector;     /* (dim), finite */
    const uint32_t *exclude; /* (excluded) */
    uint32_t excluded;
};

/* The vectors to search and the expected amount of work: a backend prepares for it when it is
 * created. */
struct knn_config {
    const float *rows; /* (words, dim): stay the caller's, and must outlive the search */
    uint32_t words, dim;
    uint64_t queries; /* approximate number of queries in all */
    uint32_t k;       /* the maximum k of a search, at most `words` */
    unsigned threads; /* the maximum on the CPU, at least 1 */
};

struct knn;

struct knn_methods {
    /* Stores the k nearest words of each query (n) in found (n × k), 1 ≤ k ≤ config.k. More queries
     * per call, up to a few thousand, make the search faster. */
    int (*search)(struct knn *knn, const struct knn_query *query, uint32_t n, uint32_t k,
                  struct neighbour *found, struct error *err);
    void (*destroy)(struct knn *knn);
};

/* A backend's own struct begins with this one. */
struct knn {
    const struct knn_methods *methods;
    char device[32]; /* "cpu", "cuda:0" */
};

/* The query for the neighbours of a word, excluding the word itself. *word must outlive the
 * query. Its row may be one after those that are searched. */
static inline struct knn_query knn_query_word(const struct knn_config *config, const uint32_t *word)
{
    return (struct knn_query){config->rows + (size_t)*word * config->dim, word, 1};
}

#endif

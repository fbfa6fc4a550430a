/* SPDX-License-Identifier: MIT */
/* knn.h -- the nearest words of words, by the cosine of their vectors: one interface, a backend per
 * device.
 *
 * cos(q, w) = W_q · W_w / √(|W_w|² |W_q|² + 1e-9), as the book has it, but never outside −1 … 1.
 * The nearest come first, equal ones by id, and a word is none of its own neighbours. The search is
 * exact.
 */
#ifndef SGNS_KNN_H
#define SGNS_KNN_H

#include <stdint.h>

#include "error.h"

#define KNN_EPSILON 1e-9

struct neighbour {
    uint32_t id;
    double cosine;
};

struct knn;

struct knn_methods {
    /* The k nearest of each of the words query (n), 1 ≤ k < words, into found (n × k). */
    int (*search)(struct knn *knn, const uint32_t *query, uint32_t n, uint32_t k,
                  struct neighbour *found, struct error *err);
    void (*destroy)(struct knn *knn);
};

/* A backend's own struct begins with this one. */
struct knn {
    const struct knn_methods *methods;
    char device[32]; /* "cpu", "cuda:0" */
};

/* A search over rows (words × dim), which stay the caller's and must outlive it, on `device`:
 * "auto", "cpu", "cuda" or "cuda:N". "auto" takes a GPU where there is one and `queries` of them
 * are worth its start. `note` (DEVICE_NOTE bytes, gpu.h) becomes what the user should know of the
 * choice, a line, or empty. NULL on error. */
struct knn *knn_create(const char *device, const float *rows, uint32_t words, uint32_t dim,
                       uint64_t queries, char *note, struct error *err) MUST_USE;

/* The same on the CPU. */
struct knn *knn_cpu_create(const float *rows, uint32_t words, uint32_t dim,
                           struct error *err) MUST_USE;

#endif

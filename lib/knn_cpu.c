/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "knn.h"
#include "memory.h"

struct knn_cpu {
    struct knn base;
    const float *rows; /* (words, dim) */
    uint32_t words, dim;
    double *square;        /* (words) |W_w|² */
    struct neighbour *all; /* (words) scratch */
};

static int by_cosine(const void *left, const void *right)
{
    const struct neighbour *a = left, *b = right;
    if (a->cosine != b->cosine)
        return a->cosine < b->cosine ? 1 : -1;
    return (a->id > b->id) - (a->id < b->id);
}

static double dot(const float *a, const float *b, uint32_t dim)
{
    double sum = 0;
    for (uint32_t i = 0; i < dim; i++)
        sum += (double)a[i] * b[i];
    return sum;
}

static void search_one(const struct knn_cpu *t, uint32_t query, uint32_t k, struct neighbour *found)
{
    const float *wanted = t->rows + (size_t)query * t->dim;
    uint32_t n = 0;
    for (uint32_t id = 0; id < t->words; id++) {
        if (id == query)
            continue;
        double cosine = dot(wanted, t->rows + (size_t)id * t->dim, t->dim) /
                        sqrt(t->square[id] * t->square[query] + KNN_EPSILON);
        t->all[n++] = (struct neighbour){id, fmax(-1.0, fmin(1.0, cosine))};
    }
    qsort(t->all, n, sizeof *t->all, by_cosine);
    memcpy(found, t->all, k * sizeof *found);
}

static int search(struct knn *knn, const uint32_t *query, uint32_t n, uint32_t k,
                  struct neighbour *found, struct error *err)
{
    (void)err;
    for (uint32_t i = 0; i < n; i++)
        search_one((struct knn_cpu *)knn, query[i], k, found + (size_t)i * k);
    return 0;
}

static void destroy(struct knn *knn)
{
    struct knn_cpu *t = (struct knn_cpu *)knn;
    free(t->square);
    free(t->all);
    free(t);
}

static const struct knn_methods methods = {search, destroy};

struct knn *knn_cpu_create(const float *rows, uint32_t words, uint32_t dim, struct error *err)
{
    struct knn_cpu *t = memory_new(1, sizeof *t, err);
    if (!t)
        return NULL;
    *t = (struct knn_cpu){{&methods, "cpu"}, rows, words, dim, NULL, NULL};
    t->square = memory_new(words, sizeof *t->square, err);
    t->all = memory_new(words, sizeof *t->all, err);
    if (!t->square || !t->all) {
        destroy(&t->base);
        return NULL;
    }
    for (uint32_t id = 0; id < words; id++)
        t->square[id] = dot(rows + (size_t)id * dim, rows + (size_t)id * dim, dim);
    return &t->base;
}

/* SPDX-License-Identifier: MIT */
#include "knn.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

static int by_cosine(const void *left, const void *right)
{
    const struct neighbour *a = left, *b = right;
    if (a->cosine != b->cosine)
        return a->cosine < b->cosine ? 1 : -1;
    return a->id < b->id ? -1 : 1;
}

static double dot(const float *a, const float *b, uint32_t dim)
{
    double sum = 0;
    for (uint32_t i = 0; i < dim; i++)
        sum += (double)a[i] * b[i];
    return sum;
}

int64_t knn_search(const float *rows, uint32_t words, uint32_t dim, uint32_t query, uint32_t k,
                   struct neighbour *found, struct error *err)
{
    struct neighbour *all = memory_new(words, sizeof *all, err);
    if (!all)
        return -1;
    const float *wanted = rows + (size_t)query * dim;
    double square = dot(wanted, wanted, dim);
    uint32_t n = 0;
    for (uint32_t id = 0; id < words; id++) {
        if (id == query)
            continue;
        const float *row = rows + (size_t)id * dim;
        double cosine = dot(wanted, row, dim) / sqrt(dot(row, row, dim) * square + 1e-9);
        all[n++] = (struct neighbour){id, fmax(-1.0, fmin(1.0, cosine))};
    }
    qsort(all, n, sizeof *all, by_cosine);
    if (n > k)
        n = k;
    memcpy(found, all, n * sizeof *all);
    free(all);
    return n;
}

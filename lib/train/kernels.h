/* SPDX-License-Identifier: MIT */
/* kernels.h -- the inner loops of training on the CPU.
 *
 * kernels.c is compiled once for each instruction set, and the program chooses one version when it
 * starts. All versions give the same bits: sums run over 16 lanes in one fixed order, nothing is
 * contracted to a fused multiply-add, and square roots and quotients are those of IEEE 754.
 *
 * A row is `stride` float32 numbers, a multiple of LANES, 64-byte aligned; those from dim on are
 * zero. With Adam a row's weights, first moments and the square roots of its second moments
 * follow one another. Storing the root of a second moment costs one square root per gradient and
 * none for a rest. Converting to squares and back loses nothing: the root of the square is the
 * same number again; or, if the square is too small for the full precision of float32, a number
 * whose difference is negligible compared with Adam's epsilon, and whose square is the same.
 * Between steps, weights and moments are those after the row's last step with a gradient. Within a
 * step, adam_rest advances the weights alone, and adam_step then shrinks the moments for the rest.
 */
#ifndef SGNS_KERNELS_H
#define SGNS_KERNELS_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "train/adam.h"

enum { LANES = 16 };

static inline size_t round_to_lanes(size_t n)
{
    return (n + LANES - 1) / LANES * LANES;
}

/* Prefetches `n` floats from `row` on. */
static inline void fetch_row(const float *row, size_t n)
{
    for (size_t i = 0; i < n; i += 64 / sizeof *row)
        __builtin_prefetch(row + i);
}

/* Converts a row with its moments to the values of a STATE record (FORMAT.md), and back: weights,
 * and if `parts` is 3 first and second moments, dim each. */
static inline void row_to_values(const float *row, size_t stride, size_t dim, size_t parts,
                                 float *value)
{
    for (size_t part = 0; part < parts; part++)
        memcpy(value + part * dim, row + part * stride, dim * sizeof *value);
    for (size_t i = 2 * dim; i < parts * dim; i++)
        value[i] *= value[i];
}

static inline void row_from_values(float *row, size_t stride, size_t dim, size_t parts,
                                   const float *value)
{
    for (size_t part = 0; part < parts; part++)
        memcpy(row + part * stride, value + part * dim, dim * sizeof *value);
    for (size_t i = 2 * stride; i < parts * stride; i++)
        row[i] = sqrtf(row[i]);
}

/* One example: the vector of its centre word, and its context and noise words, which are rows of
 * `table`. The first `contexts` words have label 1, the others 0. Derivatives are multiplied by
 * `scale`. */
struct kernels_example {
    const float *centre, *table;
    size_t stride, row_stride; /* floats in a row; from one row of the table to the next */
    const uint32_t *word;      /* (words + following) those after its own are prefetched */
    uint32_t words, following, contexts;
    float scale;
    const uint32_t *coefficient_index; /* (words) index in `coefficient` of each word's result */
    float *coefficient; /* result: scale · (σ(x) − y) of each word, from its logit x and label y */
    float *gradient;    /* (stride) result: Σ coefficient · row */
};

/* The gradient of a row: Σ_i coefficient[i] · rows[source[i]], i < n, where `rows` has rows of
 * `stride` floats. If `coefficient` is NULL, Σ_i rows[source[i]]. */
struct kernels_gradient {
    const float *rows;
    size_t stride;
    uint32_t n;
    const uint32_t *source;
    const float *coefficient;
};

struct kernels {
    const char *name;

    /* Returns the loss of the example: the mean over its words of the binary cross-entropy with
     * logits. Fills in `coefficient` and `gradient`. */
    float (*example)(const struct kernels_example *example);

    /* row −= rate · gradient. */
    void (*sgd_step)(float *row, const struct kernels_gradient *gradient, float rate);

    /* Adam on a row and its moments: one step with a gradient; many steps without, which change
     * only the weights. */
    void (*adam_step)(float *row, const struct kernels_gradient *gradient,
                      const struct adam_step *step);
    void (*adam_rest)(float *row, size_t stride, const struct adam_rest *rest);
};

/* The fastest version that this processor can run. */
const struct kernels *kernels_best(void);

/* All *count versions that this processor can run, the fastest first: for tests. */
const struct kernels *const *kernels_all(size_t *count);

#endif

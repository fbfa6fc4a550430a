/* SPDX-License-Identifier: MIT */
/* kernels.h -- the inner loops of training on the CPU.
 *
 * kernels.c is compiled once for each instruction set, and one of the results is chosen when the
 * program starts. All of them give the same bits: sums run over 16 lanes in one fixed order,
 * nothing is contracted to a fused multiply-add, and roots and quotients are IEEE's.
 *
 * A row is `stride` float32, a multiple of LANES, 64-byte aligned; what is beyond dim is zero. With
 * Adam a row's weights, first moments and the roots of its second moments stand together, one behind
 * the other: kept as a root, a second moment costs one root for each gradient and none for a rest.
 * Where the square is asked for nothing is lost, since its root is the same number again; or, where the
 * square is too small for all of float32's digits, one that nobody can tell beside Adam's epsilon, and
 * whose square is the same. Moments are those after the row's last step with a gradient; its weights
 * may be brought further.
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

/* Asks for `n` floats from `row` on before they are needed. */
static inline void fetch_row(const float *row, size_t n)
{
    for (size_t i = 0; i < n; i += 64 / sizeof *row)
        __builtin_prefetch(row + i);
}

/* From a row with its moments to their numbers as others know them, and back: weights, and with
 * `parts` 3 first and second moments, dim each. */
static inline void row_to_numbers(const float *row, size_t stride, size_t dim, size_t parts,
                                  float *number)
{
    for (size_t part = 0; part < parts; part++)
        memcpy(number + part * dim, row + part * stride, dim * sizeof *number);
    for (size_t i = 2 * dim; i < parts * dim; i++)
        number[i] *= number[i];
}

static inline void row_from_numbers(float *row, size_t stride, size_t dim, size_t parts,
                                    const float *number)
{
    for (size_t part = 0; part < parts; part++)
        memcpy(row + part * stride, number + part * dim, dim * sizeof *number);
    for (size_t i = 2 * stride; i < parts * stride; i++)
        row[i] = sqrtf(row[i]);
}

/* One example: its centre's vector, and words, which are rows of `table`. The first `contexts` have
 * label 1, the rest 0. Derivatives are multiplied by `scale`. */
struct kernels_example {
    const float *centre, *table;
    size_t stride, row_stride; /* floats in a row; from one row of the table to the next */
    const uint32_t *word;      /* (words + following) those behind its own are wanted next */
    uint32_t words, following, contexts;
    float scale;
    const uint32_t *place; /* (words) of each in coefficient */
    float *coefficient;    /* result: scale · (σ(x) − y), of the logit x and label y of each */
    float *gradient;       /* (stride) result: Σ coefficient · row */
};

/* A gradient of a row: Σ_i coefficient[i] · rows[entry[i]], i < n, over `rows` of (any, stride); without
 * `coefficient`, Σ_i rows[entry[i]]. */
struct kernels_gradient {
    const float *rows;
    size_t stride;
    uint32_t n;
    const uint32_t *entry;
    const float *coefficient;
};

struct kernels {
    const char *name;

    /* Returns the example's loss, the mean over its words of the binary cross-entropy with logits.
     * Fills coefficient and gradient. */
    float (*example)(const struct kernels_example *example);

    /* row −= rate · gradient. */
    void (*sgd_step)(float *row, const struct kernels_gradient *gradient, float rate);

    /* Adam on a row and its moments: a step with a gradient, and many without, which move the
     * weights alone. */
    void (*adam_step)(float *row, const struct kernels_gradient *gradient,
                      const struct adam_step *step);
    void (*adam_rest)(float *row, size_t stride, const struct adam_rest *rest);
};

/* The fastest that this processor can run. */
const struct kernels *kernels_best(void);

/* All that it can run, `count` of them, the fastest first: for tests. */
const struct kernels *const *kernels_all(size_t *count);

#endif

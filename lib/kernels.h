/* SPDX-License-Identifier: MIT */
/* kernels.h -- the inner loops of training on the CPU.
 *
 * kernels.c is compiled once for each instruction set, and one of the results is chosen when the
 * program starts. All of them give the same bits: sums run over 16 lanes in one fixed order,
 * nothing is contracted to a fused multiply-add, and roots and quotients are IEEE's.
 *
 * A row is `stride` float32, a multiple of LANES, 64-byte aligned; what is beyond dim is zero. In a
 * table a row's weights, first and second moments stand together, table_row(stride) apart.
 */
#ifndef SGNS_KERNELS_H
#define SGNS_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "adam.h"

enum { LANES = 16 };

static inline size_t round_to_lanes(size_t n)
{
    return (n + LANES - 1) / LANES * LANES;
}

/* Floats from one row of a table to the next. */
static inline size_t table_row(size_t stride)
{
    return 3 * stride;
}

struct kernels {
    const char *name;

    /* One example: `centre` (stride) and the rows word[0 … words − 1] of `table`, of which the
     * first `contexts` have label 1, the rest 0. Returns the example's loss, the mean over its
     * words of the binary cross-entropy with logits. Fills coefficient (words) with the derivative
     * by each logit, (σ(x) − y) / words, and gradient (stride) with that by the centre. */
    float (*example)(const float *centre, const float *table, size_t stride, const uint32_t *word,
                     uint32_t words, uint32_t contexts, float *coefficient, float *gradient);

    /* gradient (stride) = Σ_i coefficient[entry[i]] · rows[owner[entry[i]]], i < n, over `rows` of
     * (any, stride); without `owner` Σ_i rows[entry[i]]. */
    void (*sum)(const float *rows, size_t stride, const uint32_t *entry, uint32_t n,
                const uint32_t *owner, const float *coefficient, float *gradient);

    /* Adam on a row of a table: a step with a gradient, one without, and many without. */
    void (*adam_step)(float *row, size_t stride, const float *gradient, const struct adam_step *);
    void (*adam_idle)(float *row, size_t stride, const struct adam_step *);
    void (*adam_rest)(float *row, size_t stride, const struct adam_rest *);
};

/* The fastest that this processor can run. */
const struct kernels *kernels_best(void);

/* All that it can run, `count` of them, the fastest first: for tests. */
const struct kernels *const *kernels_all(size_t *count);

#endif

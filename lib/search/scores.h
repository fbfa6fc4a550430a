/* SPDX-License-Identifier: MIT */
/* scores.h -- the inner loops of the search for the nearest words on the CPU.
 *
 * scores.c is compiled once for each instruction set, and the program chooses one version when it
 * starts. Fused multiply-add is used if available, so that float32 products differ between
 * versions by rounding; they only select candidates, and scores_error() bounds their error.
 * Products in double precision have the same bits in all versions, since the product of two
 * float32 numbers is exact in double precision.
 *
 * A tile is `rows` queries by `columns` words. Both are packed by dimension, 64-byte aligned: for
 * each dimension, the values of all queries (rows) or words (columns) of the tile are adjacent. The
 * values of absent queries and words are zero.
 */
#ifndef SGNS_SCORES_H
#define SGNS_SCORES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct scores {
    const char *name;
    uint32_t rows, columns; /* of a tile; at most SCORES_ROWS, SCORES_COLUMNS */

    /* Stores the products of the tile's queries and words in score (rows × columns, 64-byte
     * aligned). Bit r of the result is set if a product of row r is at least threshold[r]
     * (rows). */
    uint32_t (*tile)(const float *queries, const float *words, size_t dim, const float *threshold,
                     float *score);

    /* The k-th largest of value (n), 1 ≤ k ≤ n < 2³¹. */
    int32_t (*largest)(const int32_t *value, size_t n, size_t k);

    /* sum[j] = a · b[j], or b[j] · b[j], j < SCORES_AT_ONCE, in double precision, summed from the
     * first dimension to the last. */
    void (*products)(const float *a, const float *const *b, size_t dim, double *sum);
    void (*squares)(const float *const *b, size_t dim, double *sum);

    /* Whether one of n words can have a score of at least `bound` in the analogy a : b = c :
     * word. a, b and c (n) are the words' cosines with these three, each off by at most `error`. */
    bool (*add_reaches)(const float *a, const float *b, const float *c, size_t n, float error,
                        float bound);
    bool (*mul_reaches)(const float *a, const float *b, const float *c, size_t n, float error,
                        float bound);
};

/* Bounds of the two scores of a word in an analogy (analogies.h), from its cosines with a, b and
 * c, if each cosine is off by at most `error`: the upper bound, or the lower bound for −error.
 * `error` must include 1e-6 for the rounding errors of these functions. */
static inline float scores_add(float a, float b, float c, float error)
{
    return b + c - a + 3 * error;
}

/* (1 + b)/2 · (1 + c)/2 / ((1 + a)/2 + 1e-6) */
static inline float scores_mul(float a, float b, float c, float error)
{
    float over = 1 + b + error, by = 1 + c + error, under = 1 + a - error;
    over = over > 0 ? over : 0;
    by = by > 0 ? by : 0;
    under = under > 0 ? under : 0;
    return over * by / (2 * under + 4e-6f) * (error > 0 ? 1 + 2e-6f : 1 - 2e-6f);
}

enum { SCORES_AT_ONCE = 8 };

enum { SCORES_ROWS = 16, SCORES_COLUMNS = 32 };

/* A bound of the error of the product of two unit vectors that were rounded to float32: from
 * rounding the vectors, the products and their sum, in any order of summation.
 *
 * With u = 2⁻²⁴, rounding changes a number by a factor of at most 1 + u, and a sum of dim
 * products by at most dim·u / (1 − dim·u) times the sum of their absolute values, which is at
 * most 1 by the Cauchy-Schwarz inequality. Together these are dim + 2 roundings; a few more u
 * cover the rounding of double precision, and numbers that are too small for float32. */
static inline double scores_error(size_t dim)
{
    double u = 0x1p-24, n = (double)dim + 8;
    return n * u / (1 - n * u);
}

/* The fastest version that this processor can run. */
const struct scores *scores_best(void);

/* All *count versions that this processor can run, the fastest first: for tests. */
const struct scores *const *scores_all(size_t *count);

#endif

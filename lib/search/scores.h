/* SPDX-License-Identifier: MIT */
/* scores.h -- the inner loops of the search for the nearest words on the CPU.
 *
 * scores.c is compiled once for each instruction set, and one of the results is chosen when the
 * program starts. Fused multiply-add is used where it is there, so that float32 products differ by
 * a rounding from one to the other; they only choose candidates, and scores_error() tells how far
 * off they can be. Those in double precision have the same bits everywhere, since the product of
 * two float32 is exact there.
 *
 * A tile is `rows` queries by `columns` words. Both sides are packed, so that the loop reads memory
 * in order: the vectors of a tile stand side by side, number after number, (dim, rows) and
 * (dim, columns), 64-byte aligned; where there are fewer vectors, the rest is zero.
 */
#ifndef SGNS_SCORES_H
#define SGNS_SCORES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct scores {
    const char *name;
    uint32_t rows, columns; /* of a tile; at most SCORES_ROWS, SCORES_COLUMNS */

    /* The products of the tile's queries and words into score (rows × columns, 64-byte aligned).
     * Bit r of the result is set where a product of row r is at least threshold[r] (rows). */
    uint32_t (*tile)(const float *queries, const float *words, size_t dim, const float *threshold,
                     float *score);

    /* The k-th largest of value (n), 1 ≤ k ≤ n < 2³¹. */
    int32_t (*largest)(const int32_t *value, size_t n, size_t k);

    /* sum[j] = a · b[j], and b[j] · b[j], j < SCORES_AT_ONCE, in double precision, from the first of
     * their dim numbers to the last. */
    void (*products)(const float *a, const float *const *b, size_t dim, double *sum);
    void (*squares)(const float *const *b, size_t dim, double *sum);

    /* Whether one of n words can have a score of `bound` or more in the analogy a : b = c : word, going
     * by its cosines with the three, each off by at most `error`. */
    bool (*add_reaches)(const float *a, const float *b, const float *c, size_t n, float error,
                        float bound);
    bool (*mul_reaches)(const float *a, const float *b, const float *c, size_t n, float error,
                        float bound);
};

/* The two scores of a word in an analogy, from its cosines with the three: their upper bound where
 * each cosine is off by at most `error`, the lower one for −error. `error` has to have 1e-6 more, for
 * the roundings here. */
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

/* How far the product of two unit vectors, each rounded to float32, can be from what it would be
 * without any rounding: of each vector's numbers, of the products, of their sum, in any order.
 *
 * With u = 2⁻²⁴, a rounded number is off by a factor of 1 + u, a sum of dim products by a factor of
 * 1 + dim·u / (1 − dim·u) of the sum of their sizes, which is at most 1 by Cauchy and Schwarz: in
 * all dim + 2, and a few more u for the little that comes on top, where double precision rounds, or
 * a number is too small for float32. */
static inline double scores_error(size_t dim)
{
    double u = 0x1p-24, n = (double)dim + 8;
    return n * u / (1 - n * u);
}

/* The fastest that this processor can run. */
const struct scores *scores_best(void);

/* All that it can run, `count` of them, the fastest first: for tests. */
const struct scores *const *scores_all(size_t *count);

#endif

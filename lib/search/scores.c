/* SPDX-License-Identifier: MIT */
/* Compiled several times, with SCORES as the name of the table, WIDTH as the number of floats in a
 * register, and ROWS such that the sums of a tile fit in registers. */
#include "search/scores.h"

#include <string.h>

typedef float vector __attribute__((vector_size(4 * WIDTH)));

enum { COLUMNS = 2 * WIDTH };
_Static_assert(ROWS <= (int)SCORES_ROWS && (int)COLUMNS <= (int)SCORES_COLUMNS,
               "a tile must fit the callers' arrays");

static uint32_t tile(const float *queries, const float *words, size_t dim, const float *threshold,
                     float *score)
{
    const vector *word = (const vector *)words;
    vector sum[ROWS][2] = {0};
    for (size_t i = 0; i < dim; i++) {
#pragma GCC unroll 16
        for (int r = 0; r < ROWS; r++) {
            sum[r][0] += queries[i * ROWS + r] * word[2 * i];
            sum[r][1] += queries[i * ROWS + r] * word[2 * i + 1];
        }
    }
    vector *to = (vector *)score;
    uint32_t hits = 0;
#pragma GCC unroll 16
    for (int r = 0; r < ROWS; r++) {
        to[2 * r] = sum[r][0];
        to[2 * r + 1] = sum[r][1];
    }
    for (int r = 0; r < ROWS; r++) {
        int hit = 0;
        for (int c = 0; c < COLUMNS; c++)
            hit |= score[r * COLUMNS + c] >= threshold[r];
        hits |= (uint32_t)hit << r;
    }
    return hits;
}

/* Finds the result bit by bit from the highest: the largest number such that at least k values
 * are not smaller. */
static int32_t largest(const int32_t *value, size_t n, size_t k)
{
    int64_t found = INT32_MIN;
    for (int bit = 31; bit >= 0; bit--) {
        int32_t higher = (int32_t)(found + (INT64_C(1) << bit));
        int32_t count = 0;
        for (size_t i = 0; i < n; i++)
            count += value[i] >= higher;
        if ((size_t)count >= k)
            found = higher;
    }
    return (int32_t)found;
}

/* Eight independent sums: each addition waits only for the previous one of its own sum. */
static inline void double_sums(const float *a, const float *const *b, size_t dim, double *result)
{
    double sum[SCORES_AT_ONCE] = {0};
    for (size_t i = 0; i < dim; i++) {
#pragma GCC unroll 8
        for (int j = 0; j < SCORES_AT_ONCE; j++)
            sum[j] += (double)(a ? a[i] : b[j][i]) * b[j][i];
    }
    memcpy(result, sum, sizeof sum);
}

static void products(const float *a, const float *const *b, size_t dim, double *sum)
{
    double_sums(a, b, dim, sum);
}

static void squares(const float *const *b, size_t dim, double *sum)
{
    double_sums(NULL, b, dim, sum);
}

static bool add_reaches(const float *a, const float *b, const float *c, size_t n, float error,
                        float bound)
{
    int hit = 0;
    for (size_t i = 0; i < n; i++)
        hit |= scores_add(a[i], b[i], c[i], error) >= bound;
    return hit;
}

static bool mul_reaches(const float *a, const float *b, const float *c, size_t n, float error,
                        float bound)
{
    int hit = 0;
    for (size_t i = 0; i < n; i++)
        hit |= scores_mul(a[i], b[i], c[i], error) >= bound;
    return hit;
}

extern const struct scores SCORES;
const struct scores SCORES = {
    .name = SCORES_NAME,
    .rows = ROWS,
    .columns = COLUMNS,
    .tile = tile,
    .largest = largest,
    .products = products,
    .squares = squares,
    .add_reaches = add_reaches,
    .mul_reaches = mul_reaches,
};

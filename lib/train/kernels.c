/* SPDX-License-Identifier: MIT */
/* Compiled several times, each time with KERNELS as the name of the table and with the compiler
 * flags of one instruction set. kernels.h has the rules that make all versions give the same
 * bits. */
#include "train/kernels.h"

#include <stdbool.h>
#ifdef __AVX2__
#include <immintrin.h>
#endif

/* VECTOR floats fill a SIMD register; LANES floats fill REGISTERS of them. ROWS_AT_ONCE dot
 * products are computed together. */
#if defined(__AVX512F__)
enum { VECTOR = 16, ROWS_AT_ONCE = 8 };
#elif defined(__AVX2__)
enum { VECTOR = 8, ROWS_AT_ONCE = 4 };
#else
enum { VECTOR = 4, ROWS_AT_ONCE = 2 };
#endif
typedef float vec __attribute__((vector_size(4 * VECTOR)));
typedef int32_t ivec __attribute__((vector_size(4 * VECTOR)));
enum { REGISTERS = LANES / VECTOR };

static const int32_t lanes[LANES] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

enum {
    BLOCK = 8,       /* the most registers in which a piece of a row is summed */
    FETCH_AHEAD = 24 /* how many words ahead rows are prefetched */
};

#define INLINED static inline __attribute__((always_inline))

/* The sum of LANES lanes, by the same tree in every version: of lanes 8 apart, then 4, 2 and 1. */
INLINED float sum_lanes(const vec *value)
{
    float quarter[LANES / 4];
#if defined(__AVX512F__)
    __m256 sum8 = _mm256_add_ps(_mm512_castps512_ps256((__m512)value[0]),
                                _mm512_extractf32x8_ps((__m512)value[0], 1));
    __m128 sum4 = _mm_add_ps(_mm256_castps256_ps128(sum8), _mm256_extractf128_ps(sum8, 1));
    _mm_storeu_ps(quarter, sum4);
#elif defined(__AVX2__)
    __m256 sum8 = (__m256)(value[0] + value[1]);
    __m128 sum4 = _mm_add_ps(_mm256_castps256_ps128(sum8), _mm256_extractf128_ps(sum8, 1));
    _mm_storeu_ps(quarter, sum4);
#else
    vec sum4 = (value[0] + value[2]) + (value[1] + value[3]);
    memcpy(quarter, &sum4, sizeof sum4);
#endif
    return (quarter[0] + quarter[2]) + (quarter[1] + quarter[3]);
}

/* x[w] = centre · row[w] for ROWS_AT_ONCE rows, as independent sums. */
INLINED void dots(const float *centre, const float *const *row, size_t stride, float *x)
{
    const vec *c = (const vec *)centre;
    vec sum[ROWS_AT_ONCE][REGISTERS];
    for (unsigned w = 0; w < ROWS_AT_ONCE; w++)
        for (unsigned p = 0; p < REGISTERS; p++)
            sum[w][p] = c[p] * ((const vec *)row[w])[p];
    for (size_t i = REGISTERS; i < stride / VECTOR; i += REGISTERS)
        for (unsigned p = 0; p < REGISTERS; p++)
            for (unsigned w = 0; w < ROWS_AT_ONCE; w++)
                sum[w][p] += c[i + p] * ((const vec *)row[w])[i + p];
    for (unsigned w = 0; w < ROWS_AT_ONCE; w++)
        x[w] = sum_lanes(sum[w]);
}

INLINED vec choose(ivec mask, vec yes, vec no)
{
    return (vec)((mask & (ivec)yes) | (~mask & (ivec)no));
}

/* exp(x) for x ≤ 0, to about 1e-7 relative; below -87 about 1e-38. With n = round(x / ln 2) it is
 * 2^n · exp(r), |r| ≤ ln 2 / 2, and a Taylor series for exp(r). */
INLINED vec exp_negative(vec x)
{
    const float round_to_even = 0x1.8p23f; /* adding it leaves the whole part in the low bits */
    const float ln2_high = 0x1.62e4p-1f, ln2_low = 0x1.7f7d1cp-20f;
    const vec least = (vec){0} - 87.0f;
    x = choose(x < least, least, x);
    vec shifted = x * 0x1.715476p0f + round_to_even;
    vec n = shifted - round_to_even;
    vec r = x - n * ln2_high - n * ln2_low;
    vec series = r * (1.0f / 5040) + 1.0f / 720;
    series = series * r + 1.0f / 120;
    series = series * r + 1.0f / 24;
    series = series * r + 1.0f / 6;
    series = series * r + 0.5f;
    series = series * r + 1.0f;
    series = series * r + 1.0f;
    /* Multiply by 2^n, made from its exponent field; the shift drops the bits of round_to_even. */
    return series * (vec)(((ivec)shifted + 127) << 23);
}

/* log(1 + e) for 0 ≤ e ≤ 1: 2 artanh(s), s = e / (2 + e) ≤ 1/3, as a series in s². */
INLINED vec log1p_unit(vec e)
{
    vec s = e / (2.0f + e), q = s * s;
    vec series = q * (1.0f / 13) + 1.0f / 11;
    series = series * q + 1.0f / 9;
    series = series * q + 1.0f / 7;
    series = series * q + 1.0f / 5;
    series = series * q + 1.0f / 3;
    return 2.0f * s + 2.0f * s * q * series;
}

/* Turns the logits of the example's words from number `start` on into coefficients, in place. Lanes
 * after `words` are padding. Adds the losses to *sum:
 * log(1 + exp(x)) − y x = max(x, 0) − y x + log(1 + exp(−|x|)). */
INLINED void logits_to_coefficients(float *logit, int32_t start, int32_t words, int32_t contexts,
                                    float scale, vec *sum)
{
    const vec zero = {0}, one = zero + 1.0f;
    vec x;
    ivec lane;
    memcpy(&x, logit, sizeof x);
    memcpy(&lane, lanes, sizeof lane);
    lane += start;
    vec label = choose(lane < contexts, one, zero);
    vec e = exp_negative(choose(x < zero, x, -x));
    vec sigma = choose(x < zero, e, one) / (1.0f + e);
    vec loss = choose(x > zero, x, zero) - label * x + log1p_unit(e);
    *sum += choose(lane < words, loss, zero);
    x = (sigma - label) * scale;
    memcpy(logit, &x, sizeof x);
}

/* The number of registers from index `at` of a row to its end. */
static inline size_t registers(size_t stride, size_t at)
{
    return (stride - at) / VECTOR;
}

#define CASE(n, piece)                                                                             \
    case n:                                                                                        \
        piece(n);                                                                                  \
        break;

/* Runs `piece` for each piece of up to BLOCK registers of a row. It is compiled for every such
 * number, so that sums stay in registers. */
#define BY_BLOCKS(stride, piece)                                                                   \
    for (size_t at = 0; at < (stride); at += BLOCK * VECTOR)                                       \
        switch (registers(stride, at)) {                                                           \
            CASE(1, piece)                                                                         \
            CASE(2, piece)                                                                         \
            CASE(3, piece)                                                                         \
            CASE(4, piece)                                                                         \
            CASE(5, piece)                                                                         \
            CASE(6, piece)                                                                         \
            CASE(7, piece)                                                                         \
        default:                                                                                   \
            piece(BLOCK);                                                                          \
        }

/* to[0 … block − 1] = Σ_w factor[w] · row[w], over the registers from index `at` of each row on.
 * With `more`, adds to the previous content of `to`. */
INLINED void add_block(vec *to, bool more, const float *factor, const float *const *row, uint32_t n,
                       size_t at, unsigned block)
{
    vec sum[BLOCK];
    for (unsigned b = 0; b < block; b++)
        sum[b] = more ? to[b] : (vec){0};
    for (uint32_t w = 0; w < n; w++)
        for (unsigned b = 0; b < block; b++)
            sum[b] += factor[w] * ((const vec *)(row[w] + at))[b];
    for (unsigned b = 0; b < block; b++)
        to[b] = sum[b];
}

static void add_rows(float *to, bool more, const float *factor, const float *const *row, uint32_t n,
                     size_t stride)
{
#define ADD(block) add_block((vec *)(to + at), more, factor, row, n, at, block)
    BY_BLOCKS(stride, ADD);
}

/* Computes the logits of `n` words, at most LANES, from word[start] on, and stores pointers to
 * their rows in `row`. Prefetches the rows of words FETCH_AHEAD later. */
INLINED void logits(const struct kernels_example *e, uint32_t start, uint32_t n, const float **row,
                    float *x)
{
    const uint32_t *word = e->word + start;
    uint32_t known = e->words + e->following - start;
    for (uint32_t j = 0; j < n; j++)
        row[j] = e->table + word[j] * e->row_stride;
    /* Computing a few rows too many costs less than loops for other numbers of rows. */
    for (uint32_t j = n; j % ROWS_AT_ONCE != 0; j++)
        row[j] = row[0];
    for (uint32_t j = 0; j < n; j += ROWS_AT_ONCE) {
        for (uint32_t soon = j + FETCH_AHEAD; soon < j + FETCH_AHEAD + ROWS_AT_ONCE && soon < known;
             soon++)
            fetch_row(e->table + word[soon] * e->row_stride, e->stride);
        dots(e->centre, (const float *const *)row + j, e->stride, x + j);
    }
}

static float example(const struct kernels_example *task)
{
    const struct kernels_example e = *task; /* a copy, which no result can alias */
    vec loss[REGISTERS] = {{0}};
    for (uint32_t start = 0; start < e.words; start += LANES) {
        uint32_t n = e.words - start < LANES ? e.words - start : LANES;
        const float *row[LANES];
        float x[LANES] = {0};
        logits(&e, start, n, row, x);
        for (uint32_t part = 0; part < n; part += VECTOR)
            logits_to_coefficients(x + part, (int32_t)(start + part), (int32_t)e.words,
                                   (int32_t)e.contexts, e.scale, &loss[part / VECTOR]);
        for (uint32_t j = 0; j < n; j++)
            e.coefficient[e.coefficient_index[start + j]] = x[j];
        add_rows(e.gradient, start > 0, x, row, n, e.stride);
    }
    return sum_lanes(loss) / (float)e.words;
}

/* Computes a piece of a gradient: sum[0 … block − 1]. */
INLINED void sum_gradient(const struct kernels_gradient *g, size_t at, unsigned block, vec *sum)
{
    for (unsigned b = 0; b < block; b++)
        sum[b] = (vec){0};
    for (uint32_t i = 0; i < g->n; i++) {
        float factor = g->coefficient ? g->coefficient[i] : 1.0f;
        const vec *row = (const vec *)(g->rows + g->source[i] * g->stride + at);
        for (unsigned b = 0; b < block; b++)
            sum[b] += factor * row[b];
    }
}

INLINED void sgd_block(float *row, const struct kernels_gradient *gradient, float rate, size_t at,
                       unsigned block)
{
    vec sum[BLOCK];
    sum_gradient(gradient, at, block, sum);
    for (unsigned b = 0; b < block; b++)
        ((vec *)(row + at))[b] -= rate * sum[b];
}

static void sgd_step(float *row, const struct kernels_gradient *gradient, float rate)
{
    const struct kernels_gradient g = *gradient; /* a copy, which no row can alias */
#define SGD(block) sgd_block(row, &g, rate, at, block)
    BY_BLOCKS(g.stride, SGD);
}

INLINED vec root(vec x)
{
    vec y;
    for (unsigned i = 0; i < VECTOR; i++)
        y[i] = sqrtf(x[i]);
    return y;
}

INLINED void adam_block(float *row, const struct kernels_gradient *gradient,
                        const struct adam_step *step, size_t at, unsigned block)
{
    vec *p = (vec *)(row + at), *m = (vec *)(row + gradient->stride + at),
        *root_v = (vec *)(row + 2 * gradient->stride + at), g[BLOCK];
    sum_gradient(gradient, at, block, g);
    for (unsigned b = 0; b < block; b++) {
        m[b] = m[b] * step->shrink_m + g[b] * step->rate_m;
        vec v = root_v[b] * root_v[b] * step->shrink_v + g[b] * g[b] * step->rate_v;
        root_v[b] = root(v);
        p[b] -= step->scale * m[b] / (root_v[b] + step->epsilon);
    }
}

static void adam_step(float *row, const struct kernels_gradient *gradient,
                      const struct adam_step *step)
{
    const struct kernels_gradient g = *gradient;
    const struct adam_step a = *step;
#define ADAM(block) adam_block(row, &g, &a, at, block)
    BY_BLOCKS(g.stride, ADAM);
}

static void adam_rest(float *row, size_t stride, const struct adam_rest *rest)
{
    const struct adam_rest a = *rest;
    float *restrict p = row;
    const float *restrict m = row + stride, *restrict root_v = row + 2 * stride;
    for (size_t i = 0; i < stride; i++)
        p[i] -= a.scale * m[i] / (root_v[i] + a.epsilon);
}

extern const struct kernels KERNELS;
const struct kernels KERNELS = {
    .name = KERNELS_NAME,
    .example = example,
    .sgd_step = sgd_step,
    .adam_step = adam_step,
    .adam_rest = adam_rest,
};

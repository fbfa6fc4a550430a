/* SPDX-License-Identifier: MIT */
/* Compiled several times, with KERNELS the name of the table and the compiler's flags for one
 * instruction set. See kernels.h for what every version must keep to. */
#include "kernels.h"

#include <math.h>
#include <string.h>

/* 16 lanes, whatever the machine has: the compiler splits it into the registers there are. */
typedef float lanes __attribute__((vector_size(4 * LANES)));

/* The sum of the lanes, as a tree: the order is the same everywhere. */
static inline float sum_lanes(const lanes *value)
{
    float half[LANES];
    memcpy(half, value, sizeof half);
    for (int width = LANES / 2; width > 0; width /= 2)
        for (int i = 0; i < width; i++)
            half[i] += half[i + width];
    return half[0];
}

static inline float dot(const float *a, const float *b, size_t stride)
{
    const lanes *x = (const lanes *)a, *y = (const lanes *)b;
    lanes sum = x[0] * y[0];
    for (size_t i = 1; i < stride / LANES; i++)
        sum += x[i] * y[i];
    return sum_lanes(&sum);
}

static inline void add_scaled(float *to, float factor, const float *row, size_t stride)
{
    lanes *x = (lanes *)to;
    const lanes *y = (const lanes *)row;
    for (size_t i = 0; i < stride / LANES; i++)
        x[i] += factor * y[i];
}

/* exp(x) for x ≤ 0, to about 1e-7 relative; below -87 about 1e-38. With n = round(x / ln 2) it is
 * 2^n · exp(r), |r| ≤ ln 2 / 2, and a Taylor series for exp(r). */
static inline float exp_negative(float x)
{
    const float round_to_even = 0x1.8p23f; /* adding it leaves the whole part in the low bits */
    const float ln2_high = 0x1.62e4p-1f, ln2_low = 0x1.7f7d1cp-20f;
    x = x < -87.0f ? -87.0f : x;
    float shifted = x * 0x1.715476p0f + round_to_even;
    float n = shifted - round_to_even;
    float r = x - n * ln2_high - n * ln2_low;
    float series = 1.0f / 5040;
    series = series * r + 1.0f / 720;
    series = series * r + 1.0f / 120;
    series = series * r + 1.0f / 24;
    series = series * r + 1.0f / 6;
    series = series * r + 0.5f;
    series = series * r + 1.0f;
    series = series * r + 1.0f;
    uint32_t bits, power;
    memcpy(&bits, &shifted, 4);
    power = (bits + 127) << 23; /* the exponent field of 2^n; the magic number's bits fall out */
    float scale;
    memcpy(&scale, &power, 4);
    return series * scale;
}

/* log(1 + e) for 0 ≤ e ≤ 1: 2 artanh(s), s = e / (2 + e) ≤ 1/3, as a series in s². */
static inline float log1p_unit(float e)
{
    float s = e / (2.0f + e), q = s * s;
    float series = 1.0f / 13;
    series = series * q + 1.0f / 11;
    series = series * q + 1.0f / 9;
    series = series * q + 1.0f / 7;
    series = series * q + 1.0f / 5;
    series = series * q + 1.0f / 3;
    return 2.0f * s + 2.0f * s * q * series;
}

/* Turns LANES logits into coefficients, in place. Of the example's words these are the ones from
 * `start` on; what is beyond `words` is padding. Adds the losses to the lanes of *sum:
 * log(1 + exp(x)) − y x = max(x, 0) − y x + log(1 + exp(−|x|)). */
static inline void logits_to_coefficients(float *x, uint32_t start, uint32_t words,
                                          uint32_t contexts, lanes *sum)
{
    float loss[LANES], share = 1.0f / (float)words;
    for (uint32_t i = 0; i < LANES; i++) {
        float label = start + i < contexts ? 1.0f : 0.0f;
        float real = start + i < words ? 1.0f : 0.0f;
        float e = exp_negative(-fabsf(x[i]));
        float sigma = (x[i] < 0.0f ? e : 1.0f) / (1.0f + e);
        loss[i] = real * ((x[i] > 0.0f ? x[i] : 0.0f) - label * x[i] + log1p_unit(e));
        x[i] = (sigma - label) * share;
    }
    lanes loaded;
    memcpy(&loaded, loss, sizeof loaded);
    *sum += loaded;
}

static float example(const float *centre, const float *table, size_t stride, const uint32_t *word,
                     uint32_t words, uint32_t contexts, float *coefficient, float *gradient)
{
    size_t row = table_row(stride);
    lanes loss = {0};
    memset(gradient, 0, stride * sizeof *gradient);
    for (uint32_t start = 0; start < words; start += LANES) {
        uint32_t n = words - start < LANES ? words - start : LANES;
        float x[LANES] = {0};
        for (uint32_t j = 0; j < n; j++)
            x[j] = dot(centre, table + word[start + j] * row, stride);
        logits_to_coefficients(x, start, words, contexts, &loss);
        memcpy(coefficient + start, x, n * sizeof *x);
        for (uint32_t j = 0; j < n; j++)
            add_scaled(gradient, x[j], table + word[start + j] * row, stride);
    }
    return sum_lanes(&loss) / (float)words;
}

static void sum(const float *rows, size_t stride, const uint32_t *entry, uint32_t n,
                const uint32_t *owner, const float *coefficient, float *gradient)
{
    memset(gradient, 0, stride * sizeof *gradient);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t e = entry[i];
        if (owner)
            add_scaled(gradient, coefficient[e], rows + owner[e] * stride, stride);
        else
            add_scaled(gradient, 1.0f, rows + e * stride, stride);
    }
}

static void adam_with_gradient(float *row, size_t stride, const float *gradient,
                               const struct adam_step *step)
{
    const struct adam_step a = *step; /* a copy, which no row can alias */
    float *restrict p = row, *restrict m = row + stride, *restrict v = row + 2 * stride;
    const float *restrict g = gradient;
    for (size_t i = 0; i < stride; i++) {
        m[i] = m[i] * a.beta1 + g[i] * a.rate1;
        v[i] = v[i] * a.beta2 + g[i] * g[i] * a.rate2;
        p[i] -= a.step_size * m[i] / (sqrtf(v[i]) * a.root_correction + a.epsilon);
    }
}

static void adam_without_gradient(float *row, size_t stride, const struct adam_step *step)
{
    const struct adam_step a = *step;
    float *restrict p = row, *restrict m = row + stride, *restrict v = row + 2 * stride;
    for (size_t i = 0; i < stride; i++) {
        m[i] *= a.beta1;
        v[i] *= a.beta2;
        p[i] -= a.step_size * m[i] / (sqrtf(v[i]) * a.root_correction + a.epsilon);
    }
}

static void adam_many_without_gradient(float *row, size_t stride, const struct adam_rest *rest)
{
    const struct adam_rest a = *rest;
    float *restrict p = row, *restrict m = row + stride, *restrict v = row + 2 * stride;
    for (size_t i = 0; i < stride; i++) {
        p[i] -= a.scale * m[i] / (sqrtf(v[i]) + a.epsilon);
        m[i] *= a.shrink_m;
        v[i] *= a.shrink_v;
    }
}

extern const struct kernels KERNELS;
const struct kernels KERNELS = {
    .name = KERNELS_NAME,
    .example = example,
    .sum = sum,
    .adam_step = adam_with_gradient,
    .adam_idle = adam_without_gradient,
    .adam_rest = adam_many_without_gradient,
};

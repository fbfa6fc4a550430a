/* SPDX-License-Identifier: MIT */
/* oracle.h -- what the C test drivers share besides tap.h: a small generator for test data, and
 * dense Adam in double precision, straight from the specification. */
#ifndef SGNS_ORACLE_H
#define SGNS_ORACLE_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* Aborts the driver if something that the test depends on has failed. */
static inline void require(bool good, const struct error *err)
{
    if (good)
        return;
    printf("Bail out! %s\n", err->text);
    fflush(stdout);
    abort();
}

/* Makes the device "cuda" load the shared object next to the driver's directory, whose kernels run
 * on the CPU, unless $SGNS_CUDA already names an object. */
static inline void use_emulated_gpu(const char *driver)
{
    char object[4096];
    const char *slash = strrchr(driver, '/');
    snprintf(object, sizeof object, "%.*s../sgns-cuda.so", slash ? (int)(slash - driver) + 1 : 0,
             driver);
    setenv("SGNS_CUDA", object, 0);
}

/* The larger of the worst deviation so far and another one. Once one of them is NaN, the result
 * stays NaN. */
static inline double largest(double worst, double value)
{
    return isnan(worst) || value <= worst ? worst : value;
}

/* ---- test data: SplitMix64; any initial state will do as a seed ---- */

static inline uint64_t draw(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static inline uint32_t draw_below(uint64_t *state, uint32_t n)
{
    return (uint32_t)((draw(state) >> 32) * n >> 32);
}

static inline double draw_between(uint64_t *state, double low, double high)
{
    return low + (high - low) * ((double)(draw(state) >> 11) * 0x1p-53);
}

/* ---- dense Adam ---- */

struct oracle_weight {
    double p, m, v;
};

/* Step t, counted from 1. */
struct oracle_step {
    double lr, correction1, correction2;
};

static inline struct oracle_step oracle_step(double lr, uint64_t t)
{
    return (struct oracle_step){lr, 1 - pow(0.9, (double)t), 1 - pow(0.999, (double)t)};
}

static inline void oracle_adam(struct oracle_weight *w, double gradient,
                               const struct oracle_step *s)
{
    w->m = 0.9 * w->m + (1 - 0.9) * gradient;
    w->v = 0.999 * w->v + (1 - 0.999) * gradient * gradient;
    w->p -= s->lr * (w->m / s->correction1) / (sqrt(w->v / s->correction2) + 1e-8);
}

#endif

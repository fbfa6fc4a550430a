/* SPDX-License-Identifier: MIT */
/* adam.h -- the coefficients of dense Adam: of a single step, and of many steps of a row that
 * rests.
 *
 * Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015, as in PyTorch's Adam:
 *   m ← β1 m + (1 − β1) g;  v ← β2 v + (1 − β2) g²;
 *   p ← p − lr / (1 − β1^t) · m / (√v / √(1 − β2^t) + ε)
 * for every row at every step, including rows without a gradient. The bias corrections of a step
 * are combined into two coefficients (as the paper does after its algorithm 1), so that
 *   p ← p − a_t · m / (√v + e_t),  a_t = lr · √(1 − β2^t) / (1 − β1^t),  e_t = ε √(1 − β2^t).
 *
 * A row without a gradient rests: its updates are postponed until the row is needed, and then
 * made in closed form. If s is the last step before the rest, step k = s + j has m = β1^j m_s and
 * v = β2^j v_s, so that the updates of the steps s + 1 … t sum to
 *   lr · m_s · Σ_j w_j / (√v_s + e_j),
 *   w_j = (β1 / √β2)^j · √(1 − β2^k) / (1 − β1^k),  e_j = ε √(1 − β2^k) / β2^(j/2).
 * Replacing every e_j by their mean, weighted by w_j, leaves only an error of second order in their
 * differences, which matters only where ε is not small compared with √v_s; and there m_s is small
 * as well. This gives
 *   lr · m_s · S / (√v_s + ε T / S),  S = Σ_j w_j,  T = Σ_j w_j e_j / ε.
 * Both sums depend only on s and t. With r = β1 / √β2 and c(k) = √(1 − β2^k) / (1 − β1^k),
 *   S = F(s) − r^(t−s) F(t),  F(s) = r (c(s+1) + F(s+1)),
 * where F is tabulated from the end, at which c is 1; and with q = β1 / β2 and
 * d(k) = (1 − β2^k) / (1 − β1^k),
 *   T = G(s) − q^(t−s) G(t),  G(s) = q (d(s+1) + G(s+1)).
 */
#ifndef SGNS_ADAM_H
#define SGNS_ADAM_H

#include <math.h>
#include <stdint.h>

#include "base/error.h"

#define ADAM_BETA1   0.9
#define ADAM_BETA2   0.999
#define ADAM_EPSILON 1e-8

enum {
    ADAM_TAIL = 1 << 15, /* from this step on, c(k) and d(k) are 1 in double precision */
    ADAM_POWERS = 1024   /* exponents in a table of powers */
};

/* One step of a row with a gradient: the moments are multiplied by shrink_m and shrink_v, which on
 * the CPU include the steps of a rest before it, and p decreases by scale · m / (√v + epsilon). */
struct adam_step {
    float shrink_m, shrink_v;
    float rate_m, rate_v; /* 1 − β1, 1 − β2 */
    float scale, epsilon;
};

/* Many steps of a row that rests: p decreases by scale · m / (√v + epsilon), with m and v from
 * before the rest. The moments then have to shrink by shrink_m and shrink_v: the GPU does this at
 * once; the CPU leaves the moments alone, and includes it in the next adam_step. */
struct adam_rest {
    float shrink_m, shrink_v, scale, epsilon;
};

/* The tables for the functions below, in one array. */
enum {
    ADAM_F = 0,                                   /* F(s), s = 0 … ADAM_TAIL */
    ADAM_G = ADAM_F + ADAM_TAIL + 1,              /* G(s), likewise */
    ADAM_POWER1 = ADAM_G + ADAM_TAIL + 1,         /* β1^k, k < ADAM_POWERS, as for the following */
    ADAM_POWER2 = ADAM_POWER1 + ADAM_POWERS,      /* β2^k */
    ADAM_POWER2_HIGH = ADAM_POWER2 + ADAM_POWERS, /* β2^(ADAM_POWERS k) */
    ADAM_POWER_R = ADAM_POWER2_HIGH + ADAM_POWERS, /* r^k */
    ADAM_POWER_Q = ADAM_POWER_R + ADAM_POWERS,     /* q^k */
    ADAM_TABLE = ADAM_POWER_Q + ADAM_POWERS
};

struct adam {
    double lr;
    double *table; /* (ADAM_TABLE) */
};

/* Computes the tables. On error there is nothing to release. */
int adam_init(struct adam *adam, double lr, struct error *err) MUST_USE;
void adam_release(struct adam *adam);

/* The formulas, compiled for the CPU and for GPUs. */
#ifdef __CUDACC__
#define ADAM_FUNCTION static __host__ __device__ inline
#else
#define ADAM_FUNCTION static inline
#endif

ADAM_FUNCTION double adam_power_or_zero(const double *table, uint64_t k)
{
    return k < ADAM_POWERS ? table[k] : 0;
}

ADAM_FUNCTION double adam_power1(const struct adam *adam, uint64_t k)
{
    return adam_power_or_zero(adam->table + ADAM_POWER1, k);
}

ADAM_FUNCTION double adam_power2(const struct adam *adam, uint64_t k)
{
    return adam->table[ADAM_POWER2 + k % ADAM_POWERS] *
           adam_power_or_zero(adam->table + ADAM_POWER2_HIGH, k / ADAM_POWERS);
}

/* The sum over the steps s + 1 … t: F(s) − r^(t−s) F(t), or the same with G and q. `tail` and
 * `powers` are indices of tables. */
ADAM_FUNCTION double adam_sum(const struct adam *adam, int tail, int powers, uint64_t s, uint64_t t)
{
    const uint64_t end = ADAM_TAIL;
    const double *sum = adam->table + tail;
    return sum[s < end ? s : end] -
           adam_power_or_zero(adam->table + powers, t - s) * sum[t < end ? t : end];
}

/* Step t, counted from 1, of a row that did not rest. */
ADAM_FUNCTION struct adam_step adam_step_at(const struct adam *adam, uint64_t t)
{
    struct adam_step step;
    step.shrink_m = (float)ADAM_BETA1;
    step.shrink_v = (float)ADAM_BETA2;
    step.rate_m = (float)(1 - ADAM_BETA1);
    step.rate_v = (float)(1 - ADAM_BETA2);
    double root = sqrt(1 - adam_power2(adam, t));
    step.scale = (float)(adam->lr * root / (1 - adam_power1(adam, t)));
    step.epsilon = (float)(ADAM_EPSILON * root);
    return step;
}

/* Adapts the step to a row whose last step with a gradient was `steps` steps earlier. */
ADAM_FUNCTION void adam_shrink(struct adam_step *step, const struct adam *adam, uint64_t steps)
{
    step->shrink_m = (float)adam_power1(adam, steps);
    step->shrink_v = (float)adam_power2(adam, steps);
}

/* The steps s + 1 … t of a row that has rested since step s ≥ 1. */
ADAM_FUNCTION struct adam_rest adam_rest_after(const struct adam *adam, uint64_t s, uint64_t t)
{
    double moves = adam_sum(adam, ADAM_F, ADAM_POWER_R, s, t);
    double epsilons = adam_sum(adam, ADAM_G, ADAM_POWER_Q, s, t);
    struct adam_rest rest;
    rest.shrink_m = (float)adam_power1(adam, t - s);
    rest.shrink_v = (float)adam_power2(adam, t - s);
    rest.scale = (float)(adam->lr * moves);
    rest.epsilon = (float)(ADAM_EPSILON * epsilons / moves);
    return rest;
}

#endif

/* SPDX-License-Identifier: MIT */
/* adam.h -- the numbers of dense Adam, step by step, and of many steps at once for rows that rest.
 *
 * Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015, as PyTorch's Adam:
 *   m ← β1 m + (1 − β1) g;  v ← β2 v + (1 − β2) g²;
 *   p ← p − lr / (1 − β1^t) · m / (√v / √(1 − β2^t) + ε)
 * for every row at every step, also those without a gradient. A row without one is a row that
 * rests: its update is put off until it is needed, and then made up for:
 *
 * - A rest of up to ADAM_REPLAY steps is replayed step by step, which gives the same bits.
 * - A longer one in closed form. After step s, step k > s has m = β1^(k−s) m_s and v = β2^(k−s)
 * v_s, so that with r = β1 / √β2 the missed updates sum to lr · m_s · Σ_k r^(k−s) · √(1 − β2^k) /
 * (1 − β1^k) / (√v_s + ε √(1 − β2^k) / β2^((k−s)/2)). The terms fall off with r ≈ 0.9, and only ε
 * keeps the last fraction from leaving the sum; there k is taken from the middle of the steps that
 * matter. The sum of the rest, S(s, t), depends on s and t alone: S(s, t) = F(s) − r^(t−s) F(t),
 * with F(s) = r (c(s+1) + F(s+1)) tabulated from the end, where c(k) = √(1 − β2^k) / (1 − β1^k)
 * is 1.
 */
#ifndef SGNS_ADAM_H
#define SGNS_ADAM_H

#include <stdint.h>

#include "error.h"

enum {
    ADAM_REPLAY = 3,
    ADAM_TAIL = 1 << 15, /* steps after which c(k) is 1 in double precision */
    ADAM_POWERS = 1024   /* exponents in a table of powers */
};

/* One step with its bias corrections, for every row alike. */
struct adam_step {
    float beta1, beta2, rate1, rate2; /* rate = 1 − beta */
    float step_size;                  /* lr / (1 − β1^t) */
    float root_correction;            /* 1 / √(1 − β2^t) */
    float epsilon;
};

/* Many steps of a row that rests: m and v shrink, p moves by scale · m / (√v + epsilon). */
struct adam_rest {
    float shrink_m, shrink_v, scale, epsilon;
};

struct adam {
    double lr;
    double *tail;        /* F(s), s = 0 … ADAM_TAIL */
    double *power1;      /* β1^k, k < ADAM_POWERS */
    double *power2_low;  /* β2^k, k < ADAM_POWERS */
    double *power2_high; /* β2^(ADAM_POWERS k) */
    double *ratio;       /* r^k */
};

int adam_init(struct adam *adam, double lr, struct error *err) MUST_USE;
void adam_release(struct adam *adam);

/* Step t, counted from 1. */
struct adam_step adam_step(const struct adam *adam, uint64_t t);

/* The steps s + 1 … t of a row that was last updated in step s ≥ 1. */
struct adam_rest adam_rest(const struct adam *adam, uint64_t s, uint64_t t);

#endif

/* SPDX-License-Identifier: MIT */
#include "adam.h"

#include <math.h>
#include <stdlib.h>

#include "memory.h"

static const double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;

enum { MIDDLE = 5 /* steps from s to the middle of those that matter */ };

static double *powers(double base, struct error *err)
{
    double *table = memory_new(ADAM_POWERS, sizeof *table, err);
    for (int k = 0; table && k < ADAM_POWERS; k++)
        table[k] = pow(base, k);
    return table;
}

int adam_init(struct adam *adam, double lr, struct error *err)
{
    double r = beta1 / sqrt(beta2);
    adam->lr = lr;
    adam->tail = memory_new(ADAM_TAIL + 1, sizeof *adam->tail, err);
    adam->power1 = powers(beta1, err);
    adam->power2_low = powers(beta2, err);
    adam->power2_high = powers(pow(beta2, ADAM_POWERS), err);
    adam->ratio = powers(r, err);
    if (!adam->tail || !adam->power1 || !adam->power2_low || !adam->power2_high || !adam->ratio) {
        adam_release(adam);
        return -1;
    }
    adam->tail[ADAM_TAIL] = r / (1 - r);
    for (int s = ADAM_TAIL - 1; s >= 0; s--) {
        double c = sqrt(1 - pow(beta2, s + 1)) / (1 - pow(beta1, s + 1));
        adam->tail[s] = r * (c + adam->tail[s + 1]);
    }
    return 0;
}

void adam_release(struct adam *adam)
{
    free(adam->tail);
    free(adam->power1);
    free(adam->power2_low);
    free(adam->power2_high);
    free(adam->ratio);
    *adam = (struct adam){0};
}

static double power_or_zero(const double *table, uint64_t k)
{
    return k < ADAM_POWERS ? table[k] : 0;
}

static double power2(const struct adam *adam, uint64_t k)
{
    return adam->power2_low[k % ADAM_POWERS] * power_or_zero(adam->power2_high, k / ADAM_POWERS);
}

static double tail(const struct adam *adam, uint64_t s)
{
    return adam->tail[s < ADAM_TAIL ? s : ADAM_TAIL];
}

struct adam_step adam_step(const struct adam *adam, uint64_t t)
{
    return (struct adam_step){
        .beta1 = (float)beta1,
        .beta2 = (float)beta2,
        .rate1 = (float)(1 - beta1),
        .rate2 = (float)(1 - beta2),
        .step_size = (float)(adam->lr / (1 - power_or_zero(adam->power1, t))),
        .root_correction = (float)(1 / sqrt(1 - power2(adam, t))),
        .epsilon = (float)epsilon,
    };
}

struct adam_rest adam_rest(const struct adam *adam, uint64_t s, uint64_t t)
{
    uint64_t missed = t - s, middle = missed < 2 * MIDDLE ? (missed + 1) / 2 : MIDDLE;
    double sum = tail(adam, s) - power_or_zero(adam->ratio, missed) * tail(adam, t);
    return (struct adam_rest){
        .shrink_m = (float)power_or_zero(adam->power1, missed),
        .shrink_v = (float)power2(adam, missed),
        .scale = (float)(adam->lr * sum),
        .epsilon = (float)(epsilon * sqrt((1 - power2(adam, s + middle)) / power2(adam, middle))),
    };
}

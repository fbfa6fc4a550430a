/* SPDX-License-Identifier: MIT */
#include "train/adam.h"

#include <stdlib.h>

#include "base/memory.h"

/* Only multiplies, since C libraries differ in the last bits of pow. */
static double power(double base, unsigned exponent)
{
    double product = 1;
    for (; exponent > 0; exponent /= 2, base *= base)
        if (exponent % 2)
            product *= base;
    return product;
}

static void fill_powers(double *table, double base)
{
    for (int k = 0; k < ADAM_POWERS; k++)
        table[k] = power(base, (unsigned)k);
}

/* Tabulates F or G, whose terms are weight(k) times a power of `ratio`. */
static void fill_sums(double *sum, double ratio, double (*weight)(unsigned k))
{
    sum[ADAM_TAIL] = ratio / (1 - ratio);
    for (int s = ADAM_TAIL - 1; s >= 0; s--)
        sum[s] = ratio * (weight((unsigned)s + 1) + sum[s + 1]);
}

static double weight_c(unsigned k)
{
    return sqrt(1 - power(ADAM_BETA2, k)) / (1 - power(ADAM_BETA1, k));
}

static double weight_d(unsigned k)
{
    return (1 - power(ADAM_BETA2, k)) / (1 - power(ADAM_BETA1, k));
}

int adam_init(struct adam *adam, double lr, struct error *err)
{
    const double r = ADAM_BETA1 / sqrt(ADAM_BETA2), q = ADAM_BETA1 / ADAM_BETA2;
    adam->lr = lr;
    adam->table = memory_new(ADAM_TABLE, sizeof *adam->table, err);
    if (!adam->table)
        return -1;
    fill_powers(adam->table + ADAM_POWER1, ADAM_BETA1);
    fill_powers(adam->table + ADAM_POWER2, ADAM_BETA2);
    fill_powers(adam->table + ADAM_POWER2_HIGH, power(ADAM_BETA2, ADAM_POWERS));
    fill_powers(adam->table + ADAM_POWER_R, r);
    fill_powers(adam->table + ADAM_POWER_Q, q);
    fill_sums(adam->table + ADAM_F, r, weight_c);
    fill_sums(adam->table + ADAM_G, q, weight_d);
    return 0;
}

void adam_release(struct adam *adam)
{
    free(adam->table);
    *adam = (struct adam){0};
}

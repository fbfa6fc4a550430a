/* SPDX-License-Identifier: MIT */
/* elementary.h -- exp and log that have the same bits on every system, unlike those of libm.
 *
 * They use only operations that IEEE 754 rounds correctly. Relative error below 1e-14.
 */
#ifndef SGNS_ELEMENTARY_H
#define SGNS_ELEMENTARY_H

#include <stdint.h>
#include <string.h>

#define LN2_HIGH 0x1.62e42feep-1       /* the first 32 bits of ln 2: times an integer it is exact */
#define LN2_LOW  0x1.a39ef35793c76p-33 /* the rest */

/* exp(x) for x ≤ 0; 0 for x below -700. With n = round(x / ln 2) it is 2^n · exp(r), |r| ≤ ln 2 /
 * 2, and the Taylor series of exp(r) to r¹³ / 13!, whose rest is below 1e-17. */
static inline double exp_of_negative(double x)
{
    const double round_to_even = 0x1.8p52; /* adding it leaves the whole part in the low bits */
    double clamped = x > -700 ? x : -700;
    double shifted = clamped * 0x1.71547652b82fep0 + round_to_even;
    double n = shifted - round_to_even;
    double r = clamped - n * LN2_HIGH - n * LN2_LOW;
    double series = 1.0 / 6227020800;
    const double factor[] = {1.0 / 479001600,
                             1.0 / 39916800,
                             1.0 / 3628800,
                             1.0 / 362880,
                             1.0 / 40320,
                             1.0 / 5040,
                             1.0 / 720,
                             1.0 / 120,
                             1.0 / 24,
                             1.0 / 6,
                             0.5,
                             1.0,
                             1.0};
    for (unsigned i = 0; i < sizeof factor / sizeof *factor; i++)
        series = series * r + factor[i];
    /* 2^n, made from its exponent field; the shift drops the bits of round_to_even. */
    uint64_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits + 1023) << 52;
    double power;
    memcpy(&power, &bits, sizeof power);
    return x < -700 ? 0 : series * power;
}

/* log(x) for a normal x > 0. With x = 2^n · m, √½ ≤ m < √2, it is n ln 2 + 2 artanh(s), s = (m − 1)
 * / (m + 1), |s| < 0.172, as a series in s². */
static inline double log_of_positive(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    int n = (int)(bits >> 52) - 1023;
    bits = (bits & 0xfffffffffffff) | (uint64_t)1023 << 52;
    double m;
    memcpy(&m, &bits, sizeof m);
    if (m > 0x1.6a09e667f3bcdp0) {
        m *= 0.5;
        n++;
    }
    double s = (m - 1) / (m + 1), q = s * s, series = 0;
    for (int i = 21; i >= 3; i -= 2)
        series = (series + 1.0 / i) * q;
    return n * LN2_HIGH + (n * LN2_LOW + 2 * s * series + 2 * s);
}

#endif

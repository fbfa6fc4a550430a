/* SPDX-License-Identifier: MIT */
#include "base/decimal.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    POWER_MIN = -45, /* decimal exponents of the smallest and the largest float32, */
    POWER_MAX = 54,  /* less 8 for nine digits in front of the point: 10^-30 … 10^53 */
    DIGITS = 9,
    MANTISSA_BITS = 29 /* that a double has beyond those of a float */
};

/* 10^POWER_MIN … 10^POWER_MAX, each the nearest double. */
static const double powers[] = {
    1e-45, 1e-44, 1e-43, 1e-42, 1e-41, 1e-40, 1e-39, 1e-38, 1e-37, 1e-36, 1e-35, 1e-34, 1e-33,
    1e-32, 1e-31, 1e-30, 1e-29, 1e-28, 1e-27, 1e-26, 1e-25, 1e-24, 1e-23, 1e-22, 1e-21, 1e-20,
    1e-19, 1e-18, 1e-17, 1e-16, 1e-15, 1e-14, 1e-13, 1e-12, 1e-11, 1e-10, 1e-9,  1e-8,  1e-7,
    1e-6,  1e-5,  1e-4,  1e-3,  1e-2,  1e-1,  1e0,   1e1,   1e2,   1e3,   1e4,   1e5,   1e6,
    1e7,   1e8,   1e9,   1e10,  1e11,  1e12,  1e13,  1e14,  1e15,  1e16,  1e17,  1e18,  1e19,
    1e20,  1e21,  1e22,  1e23,  1e24,  1e25,  1e26,  1e27,  1e28,  1e29,  1e30,  1e31,  1e32,
    1e33,  1e34,  1e35,  1e36,  1e37,  1e38,  1e39,  1e40,  1e41,  1e42,  1e43,  1e44,  1e45,
    1e46,  1e47,  1e48,  1e49,  1e50,  1e51,  1e52,  1e53,  1e54};

static double power(int exponent)
{
    return powers[exponent - POWER_MIN];
}

/* ---- printing ---- */

/* digits · 10^exponent */
struct decimal {
    uint32_t digits;
    int exponent;
};

/* Half of the way to the neighbour that is nearer to zero, never the farther one: every number
 * within reads as the same float. */
static double half_gap(uint32_t bits)
{
    uint32_t exponent = bits >> 23, fraction = bits & 0x7fffff;
    int unit = (exponent ? (int)exponent : 1) - 150;
    if (fraction == 0 && exponent > 1)
        unit--;
    return ldexp(0.5, unit);
}

/* The exponent of the first digit of 9.5 is 0. */
static int decimal_exponent(double value)
{
    /* 0.30103 > log10(2): from the power of two at most one too many, or, for numbers so far from 1
     * that they are no floats, two. */
    int two;
    frexp(value, &two);
    int ten = (int)floor((two - 1) * 0.301029995663981);
    return value >= power(ten + 1) ? ten + 1 : ten;
}

/* The fewest digits for a number above zero. Nine always do: half a unit of the ninth is less than a
 * fifth of half_gap. In units of the ninth digit double precision is right to 10^-6 here; what is not
 * nearer than half_gap by more than that gets a digit more. */
static struct decimal shortest(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    struct decimal d = {.exponent = decimal_exponent(value) - (DIGITS - 1)};
    double scaled = value * power(-d.exponent);
    double gap = half_gap(bits) * power(-d.exponent) - 1e-6;
    uint32_t unit = 1;
    d.digits = (uint32_t)(scaled + 0.5);
    /* What is near enough with a digit less is a multiple of ten times the unit, and so near enough
     * with this one: the search can stop at the first that is not. */
    for (;;) {
        uint32_t tens = 10 * unit;
        uint32_t fewer = (uint32_t)(scaled / tens + 0.5) * tens;
        if (unit == 100000000 || fabs(fewer - scaled) >= gap)
            break;
        unit = tens;
        d.digits = fewer;
    }
    while (d.digits % 10 == 0) {
        d.digits /= 10;
        d.exponent++;
    }
    return d;
}

static char *put_digits(char *to, uint32_t digits, int count)
{
    for (int i = count - 1; i >= 0; i--, digits /= 10)
        to[i] = (char)('0' + digits % 10);
    return to + count;
}

static int count_digits(uint32_t number)
{
    int count = 1;
    while (number >= 10) {
        number /= 10;
        count++;
    }
    return count;
}

static char *put_zeros(char *to, int count)
{
    memset(to, '0', (size_t)count);
    return to + count;
}

/* Puts a point behind the first `whole` of `count` digits, which end at `end`. */
static char *put_point(char *end, int count, int whole)
{
    if (count == whole)
        return end;
    memmove(end - count + whole + 1, end - count + whole, (size_t)(count - whole));
    end[whole - count] = '.';
    return end + 1;
}

static char *put_exponent(char *to, int exponent)
{
    *to++ = 'e';
    *to++ = exponent < 0 ? '-' : '+';
    return put_digits(to, (uint32_t)abs(exponent), 2);
}

size_t decimal_print(float value, char *to)
{
    char *at = to;
    if (signbit(value)) {
        *at++ = '-';
        value = -value;
    }
    if (value == 0) {
        *at++ = '0';
        return (size_t)(at - to);
    }
    struct decimal d = shortest(value);
    int count = count_digits(d.digits), first = d.exponent + count - 1;
    if (first < -4 || first > 8) { /* 1.25e-05 */
        at = put_point(put_digits(at, d.digits, count), count, 1);
        at = put_exponent(at, first);
    } else if (first < 0) { /* 0.0125 */
        *at++ = '0';
        *at++ = '.';
        at = put_digits(put_zeros(at, -first - 1), d.digits, count);
    } else if (d.exponent >= 0) { /* 12500 */
        at = put_zeros(put_digits(at, d.digits, count), d.exponent);
    } else { /* 1.25 */
        at = put_point(put_digits(at, d.digits, count), count, first + 1);
    }
    return (size_t)(at - to);
}

/* ---- reading ---- */

/* What is written: digits · 10^exponent, of which `digits` may lack what is beyond 19 digits. */
struct written {
    uint64_t digits;
    int64_t exponent;
    bool any; /* digit */
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static const char *read_digits(const char *p, struct written *w, bool fraction)
{
    for (; is_digit(*p); p++) {
        w->any = true;
        if (w->digits < UINT64_C(1000000000000000000)) {
            w->digits = 10 * w->digits + (uint64_t)(*p - '0');
            w->exponent -= fraction;
        } else {
            w->exponent += !fraction;
        }
    }
    return p;
}

/* The exponent behind an e, if there is one; large ones stay large without overflow. */
static const char *read_exponent(const char *p, struct written *w)
{
    if (*p != 'e' && *p != 'E')
        return p;
    const char *digit = p + 1 + (p[1] == '-' || p[1] == '+');
    if (!is_digit(*digit))
        return p;
    int64_t exponent = 0;
    for (; is_digit(*digit); digit++)
        if (exponent < 1000000000)
            exponent = 10 * exponent + (*digit - '0');
    w->exponent += p[1] == '-' ? -exponent : exponent;
    return digit;
}

/* Whether a double that is right to some units in its last place rounds to the same float as the
 * number that it stands for: it is one that is no denormal as a float, and not near the middle
 * between two. */
static bool rounds_safely(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    const uint64_t middle = UINT64_C(1) << (MANTISSA_BITS - 1), doubt = 8;
    uint64_t low = bits & ((UINT64_C(1) << MANTISSA_BITS) - 1);
    return value >= 0x1p-126 && (low < middle - doubt || low > middle + doubt);
}

const char *decimal_read(const char *text, float *value)
{
    struct written w = {0};
    bool negative = *text == '-';
    const char *p = text + (*text == '-' || *text == '+');
    p = read_digits(p, &w, false);
    if (*p == '.')
        p = read_digits(p + 1, &w, true);
    if (!w.any)
        return NULL;
    p = read_exponent(p, &w);
    if (w.digits == 0) {
        *value = negative ? -0.0f : 0.0f;
        return p;
    }
    if (w.exponent >= POWER_MIN && w.exponent <= POWER_MAX) {
        double near = (double)w.digits * power((int)w.exponent);
        if (rounds_safely(near)) {
            *value = (float)(negative ? -near : near);
            return p;
        }
    }
    *value = strtof(text, NULL);
    return p;
}

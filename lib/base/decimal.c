/* SPDX-License-Identifier: MIT */
#include "base/decimal.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* Powers of ten that scale any float32 to nine digits before the point (10^-30 … 10^53), and
     * the decimal exponents of the smallest floats (10^-45). */
    POWER_MIN = -45,
    POWER_MAX = 54,
    DIGITS = 9,
    EXTRA_BITS = 29 /* mantissa bits of a double beyond those of a float */
};

/* 10^POWER_MIN … 10^POWER_MAX, each rounded to the nearest double. */
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

/* Half the distance to the neighbouring float nearer to zero, which is never the farther neighbour:
 * every number closer than this reads as the same float. */
static double half_gap(uint32_t bits)
{
    uint32_t exponent = bits >> 23, fraction = bits & 0x7fffff;
    int unit = (exponent ? (int)exponent : 1) - 150;
    if (fraction == 0 && exponent > 1)
        unit--;
    return ldexp(0.5, unit);
}

/* The decimal exponent of the first digit: 0 for 9.5. */
static int decimal_exponent(double value)
{
    /* 0.301029995663981 is log10(2) to 15 digits. For a float, the estimate from its power of two
     * is exact or one too small. */
    int binary;
    frexp(value, &binary);
    int estimate = (int)floor((binary - 1) * 0.301029995663981);
    return value >= power(estimate + 1) ? estimate + 1 : estimate;
}

/* The fewest digits for a number above zero. Nine are always enough: half a unit of the ninth digit
 * is less than a fifth of half_gap. Double precision is accurate to 10^-6 units of the ninth digit
 * here; a candidate must be closer than half_gap by more than that, or it gets one more digit. */
static struct decimal shortest(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    struct decimal d = {.exponent = decimal_exponent(value) - (DIGITS - 1)};
    double scaled = value * power(-d.exponent);
    double gap = half_gap(bits) * power(-d.exponent) - 1e-6;
    uint32_t unit = 1;
    d.digits = (uint32_t)(scaled + 0.5);
    /* A number of fewer digits is also one of more digits: the search can stop at the first unit at
     * which the nearest multiple is not close enough. */
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

/* Inserts a point after the first `integer` of the `count` digits before `end`. Returns the new
 * end. */
static char *put_point(char *end, int count, int integer)
{
    if (count == integer)
        return end;
    memmove(end - count + integer + 1, end - count + integer, (size_t)(count - integer));
    end[integer - count] = '.';
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

/* A number as parsed: digits · 10^exponent, truncated to 19 digits. */
struct parsed {
    uint64_t digits;
    int64_t exponent;
    bool has_digit;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static const char *read_digits(const char *p, struct parsed *number, bool fraction)
{
    for (; is_digit(*p); p++) {
        number->has_digit = true;
        if (number->digits < UINT64_C(1000000000000000000)) {
            number->digits = 10 * number->digits + (uint64_t)(*p - '0');
            number->exponent -= fraction;
        } else {
            number->exponent += !fraction;
        }
    }
    return p;
}

/* Reads an optional exponent, as in e-05; a huge one is limited so that it cannot overflow. */
static const char *read_exponent(const char *p, struct parsed *number)
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
    number->exponent += p[1] == '-' ? -exponent : exponent;
    return digit;
}

/* Whether a double that is accurate to a few units in its last place rounds to the same float as
 * the exact number: true if the float is not denormal and the double is not near the midpoint of
 * two floats. */
static bool rounds_safely(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    const uint64_t midpoint = UINT64_C(1) << (EXTRA_BITS - 1), margin = 8;
    uint64_t low = bits & ((UINT64_C(1) << EXTRA_BITS) - 1);
    return value >= 0x1p-126 && (low < midpoint - margin || low > midpoint + margin);
}

const char *decimal_read(const char *text, float *value)
{
    struct parsed number = {0};
    bool negative = *text == '-';
    const char *p = text + (*text == '-' || *text == '+');
    p = read_digits(p, &number, false);
    if (*p == '.')
        p = read_digits(p + 1, &number, true);
    if (!number.has_digit)
        return NULL;
    p = read_exponent(p, &number);
    if (number.digits == 0) {
        *value = negative ? -0.0f : 0.0f;
        return p;
    }
    if (number.exponent >= POWER_MIN && number.exponent <= POWER_MAX) {
        double product = (double)number.digits * power((int)number.exponent);
        if (rounds_safely(product)) {
            *value = (float)(negative ? -product : product);
            return p;
        }
    }
    *value = strtof(text, NULL);
    return p;
}

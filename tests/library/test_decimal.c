/* SPDX-License-Identifier: MIT */
/* Numbers to text and back, compared with the conversions of the C library. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "oracle.h"
#include "tap.h"

static float float_of(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static bool same(float a, float b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static const char *print(float value)
{
    static char text[DECIMAL_MAX + 1];
    text[decimal_print(value, text)] = 0;
    return text;
}

/* ---- printing ---- */

static void test_known(void)
{
    static const struct {
        float value;
        const char *text;
    } known[] = {
        {0, "0"},
        {-0.0f, "-0"},
        {1, "1"},
        {-1, "-1"},
        {0.1f, "0.1"},
        {1 / 3.0f, "0.33333334"},
        {10, "10"},
        {16777216, "16777216"},
        {123456789, "123456790"},
        {1e9f, "1e+09"},
        {2.5e10f, "2.5e+10"},
        {0.0001f, "0.0001"},
        {1e-5f, "1e-05"},
        {1.25e-5f, "1.25e-05"},
        {0x1p-149f, "1e-45"},
        {-0.5f, "-0.5"},
        {0x1p-126f, "1.1754944e-38"},
        {0x1.fffffep127f, "3.4028235e+38"},
        {100.25f, "100.25"},
        {0x1.fffffcp-127f, "1.1754942e-38"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        tap_check(strcmp(print(known[i].value), known[i].text) == 0, "%s", known[i].text);
}

/* The fewest digits of printf's that are read back as the same value; nine always are. */
static int fewest_digits(float value)
{
    char text[32];
    int digits = 1;
    while (snprintf(text, sizeof text, "%.*e", digits - 1, value), strtof(text, NULL) != value)
        digits++;
    return digits;
}

static int digits_of(const char *text)
{
    int digits = 0, zeros = 0;
    for (; *text && *text != 'e'; text++) {
        if (*text < '0' || *text > '9' || (*text == '0' && digits == 0))
            continue;
        digits++;
        zeros = *text == '0' ? zeros + 1 : 0;
    }
    return digits - zeros;
}

/* Floats at regular intervals from the smallest to the largest, and both neighbours of every
 * power of two. */
static void test_printing(void)
{
    unsigned tried = 0, wrong = 0, longer = 0, over = 0;
    for (uint64_t bits = 1; bits < 0x7f800000; bits += bits % 0x800000 <= 1 ? 1 : 9973) {
        uint32_t next_power = (uint32_t)(bits | 0x7fffff);
        for (int i = 0; i < 2; i++) {
            float value = float_of(i ? next_power : (uint32_t)bits), back, ours;
            const char *text = print(value), *end = decimal_read(text, &ours);
            back = strtof(text, NULL);
            wrong += !same(back, value) || !same(ours, value) || !end || *end != 0;
            over += strlen(text) > DECIMAL_MAX - 1; /* leaving 1 for a sign */
            longer += digits_of(text) > fewest_digits(value);
            tried++;
        }
    }
    tap_check(wrong == 0 && tried > 100000, "%u numbers are read back unchanged", tried);
    tap_check(over == 0, "no number is longer than DECIMAL_MAX");
    /* decimal never prints the exact midpoint of two floats, although an even float could be
     * printed as one. */
    tap_check(longer < tried / 200, "all but %u of them have the fewest digits possible", longer);
}

/* ---- reading ---- */

static unsigned misread(const char *text)
{
    float ours = 0;
    char *end;
    float expected = strtof(text, &end);
    const char *stop = decimal_read(text, &ours);
    return stop != end || !same(ours, expected);
}

static void test_reading(void)
{
    unsigned wrong = 0, tried = 0;
    uint64_t state = 7;
    char text[160];
    for (uint64_t bits = 3; bits < 0x7f800000; bits += 15013) {
        double value = float_of((uint32_t)bits);
        double middle = (value + float_of((uint32_t)bits + 1)) / 2; /* exact */
        if (!isfinite(middle))
            break;
        const int digits[] = {6, 9, 16, 17, 18, 21, 30, 120};
        for (size_t i = 0; i < sizeof digits / sizeof *digits; i++) {
            /* A midpoint has at most 120 digits; with fewer it is rounded to a number beside it. */
            snprintf(text, sizeof text, "%.*e", digits[i], middle);
            wrong += misread(text);
            snprintf(text, sizeof text, "%.*e", digits[i],
                     value * (1 + 1e-7 * draw_below(&state, 1000)));
            wrong += misread(text);
            tried += 2;
        }
        snprintf(text, sizeof text, "-%.*f", (int)draw_below(&state, 40), value);
        wrong += misread(text);
    }
    tap_check(wrong == 0 && tried > 100000, "%u texts give the same number as strtof", tried);
}

static void test_forms(void)
{
    static const char *const numbers[] = {
        "1.",
        ".5",
        "+1",
        "-0",
        "007",
        "1e5",
        "1E+05",
        "1e-5",
        "1e",
        "1e+",
        "1.5e-",
        "1 2",
        "1\t",
        "3.4e38",
        "1e39",
        "-1e39",
        "1e-50",
        "0e99999999999999999999",
        "1e99999999999999999999",
        "1e-99999999999999999999",
        "123456789012345678901234567890",
        "0.000000000000000000000000000000000000000000001",
        "0.00000000000000000000000000000000000000000000000000000000000000012345e60",
        "3.40282346638528859811704183484516925440e38",
        "3.4028235677973366e38",
        "3.4028235677973367e38",
        "1.4e-45",
        "7e-46",
        "7.1e-46"};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        tap_check(misread(numbers[i]) == 0, "'%s'", numbers[i]);
    static const char *const others[] = {"",    ".",   "-",   "+",       "e5",       ".e5",
                                         "-.",  "nan", "inf", "-inf",    "infinity", " 1",
                                         "--1", "+-1", "x",   "\xd9\xa1"};
    float number;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        tap_check(!decimal_read(others[i], &number), "'%s' is not a number", others[i]);
    tap_check(decimal_read("0x10", &number) && number == 0, "hexadecimal is not read: 0x10 is 0");
}

int main(void)
{
    test_known();
    test_printing();
    test_reading();
    test_forms();
    return tap_end();
}

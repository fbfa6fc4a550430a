/* SPDX-License-Identifier: MIT */
/* tap.h -- what the C test drivers share: results in the Test Anything Protocol. */
#ifndef SGNS_TAP_H
#define SGNS_TAP_H

#include <math.h>
#include <stdbool.h>
#include <stdio.h>

static int tap_tests, tap_failures;

/* One test: the condition that must hold, and the test's name. Returns the condition. */
#define tap_check(condition, ...)                                                                  \
    tap_result((condition), #condition, __FILE__, __LINE__, __VA_ARGS__)

__attribute__((format(printf, 5, 6))) static inline bool tap_result(bool good,
                                                                    const char *condition,
                                                                    const char *file, int line,
                                                                    const char *format, ...)
{
    __builtin_va_list args;
    __builtin_va_start(args, format);
    printf("%sok %d - ", good ? "" : "not ", ++tap_tests);
    vprintf(format, args);
    putchar('\n');
    __builtin_va_end(args);
    if (!good)
        printf("# %s:%d: %s\n", file, line, condition);
    tap_failures += !good;
    return good;
}

/* The last statement of main: return tap_end(); */
static inline int tap_end(void)
{
    printf("1..%d\n", tap_tests);
    return tap_failures > 0;
}

#endif

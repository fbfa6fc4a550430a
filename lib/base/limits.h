/* SPDX-License-Identifier: MIT */
/* limits.h -- the processors and the memory that this process may use, the source of defaults.
 *
 * On Linux the limits of the process's control groups count (containers, batch systems), those of
 * both versions of that interface; other systems have none.
 */
#ifndef SGNS_LIMITS_H
#define SGNS_LIMITS_H

#include <stdint.h>

/* The number of threads to start by default, at least 1: the processors that the process may run
 * on, but not more than its quota of processor time gives, rounded to the nearest whole number. */
unsigned limits_processors(void);

/* The memory in bytes that a program may fill with data by default: 1 GiB, or a quarter of the
 * memory that the process may use if that is less. */
uint64_t limits_work_memory(void);

/* The limits of control groups. */
struct limits {
    double processors; /* quota of processor time per time; INFINITY: none */
    uint64_t memory;   /* bytes; UINT64_MAX: no limit */
};

/* Reads the limits of this process's groups from the files below `root`; "" except in tests.
 * Whatever cannot be read is no limit. */
struct limits limits_of_groups(const char *root);

#endif

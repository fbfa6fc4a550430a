/* SPDX-License-Identifier: MIT */
/* memory.h -- allocation that cannot overflow and says how much was wanted.
 *
 * Sizes are in bytes, counts in items. Memory from here is released with free().
 */
#ifndef SGNS_MEMORY_H
#define SGNS_MEMORY_H

#include <stddef.h>

#include "base/error.h"

/* `count` items of `size` bytes, zeroed. NULL and an error of status 1 where that cannot be had. */
void *memory_new(size_t count, size_t size, struct error *err) MUST_USE;

/* The same, aligned to 64 bytes, a cache line and the widest vector; not zeroed. */
void *memory_new_aligned(size_t count, size_t size, struct error *err) MUST_USE;

/* Makes room for `wanted` items in the array whose pointer is at `array` (of any pointer type) and
 * whose capacity in items is at `capacity`; grows by half at least, so that appending is linear. */
int memory_reserve(void *array, size_t *capacity, size_t wanted, size_t size,
                   struct error *err) MUST_USE;

#endif

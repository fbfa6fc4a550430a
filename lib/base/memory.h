/* SPDX-License-Identifier: MIT */
/* memory.h -- allocation with overflow checks; errors report the size of the request.
 *
 * Sizes are in bytes, counts in items. The caller releases the memory with free(). Errors have
 * status 1.
 */
#ifndef SGNS_MEMORY_H
#define SGNS_MEMORY_H

#include <stddef.h>

#include "base/error.h"

/* Allocates `count` items of `size` bytes, zeroed. NULL on error. */
void *memory_new(size_t count, size_t size, struct error *err) MUST_USE;

/* The same, not zeroed, and aligned to 64 bytes: the size of a cache line and of the widest SIMD
 * vector. */
void *memory_new_aligned(size_t count, size_t size, struct error *err) MUST_USE;

/* Makes room for `needed` items of `size` bytes in an array. `array` is the address of the pointer
 * to the array (any pointer type), `capacity` that of its capacity in items. The array grows by at
 * least half, so that appending takes linear time. Returns 0, or -1 and leaves the array as it
 * was. */
int memory_reserve(void *array, size_t *capacity, size_t needed, size_t size,
                   struct error *err) MUST_USE;

#endif

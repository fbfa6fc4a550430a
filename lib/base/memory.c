/* SPDX-License-Identifier: MIT */
#include "base/memory.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/system.h"

enum { HUGE_PAGE = 2 << 20 };

static int out_of_memory(size_t count, size_t size, struct error *err)
{
    return error_set(err, STATUS_FAILED, "out of memory: cannot allocate %.0f bytes",
                     (double)count * (double)size);
}

void *memory_new(size_t count, size_t size, struct error *err)
{
    void *memory = calloc(count ? count : 1, size);
    if (!memory)
        out_of_memory(count, size, err);
    return memory;
}

void *memory_new_aligned(size_t count, size_t size, struct error *err)
{
    void *memory = NULL;
    if (count > (SIZE_MAX - HUGE_PAGE) / size) {
        out_of_memory(count, size, err);
        return NULL;
    }
    size_t bytes = count * size + 64;
    bool huge = bytes >= 2 * HUGE_PAGE;
    if (posix_memalign(&memory, huge ? HUGE_PAGE : 64, bytes) != 0) {
        out_of_memory(count, size, err);
        return NULL;
    }
    /* The rows of a large table are accessed at random: with small pages, most accesses would need
     * a page walk too. */
    if (huge)
        system_use_huge_pages(memory, bytes, HUGE_PAGE);
    return memory;
}

int memory_reserve(void *array, size_t *capacity, size_t needed, size_t size, struct error *err)
{
    if (needed <= *capacity)
        return 0;
    size_t grown = *capacity + *capacity / 2;
    if (grown < needed)
        grown = needed;
    if (grown < 64)
        grown = 64;
    if (grown > SIZE_MAX / size)
        return out_of_memory(grown, size, err);
    void *old;
    memcpy(&old, array, sizeof old); /* the caller's pointer may be of any type */
    void *memory = realloc(old, grown * size);
    if (!memory)
        return out_of_memory(grown, size, err);
    memcpy(array, &memory, sizeof memory);
    *capacity = grown;
    return 0;
}

/* SPDX-License-Identifier: MIT */
#include "memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static int out_of_memory(size_t count, size_t size, struct error *err)
{
    return error_set(err, STATUS_FAILED, "out of memory: %.3g MB wanted",
                     (double)count * (double)size / 1e6);
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
    if (count > (SIZE_MAX - 64) / size || posix_memalign(&memory, 64, count * size + 64) != 0) {
        out_of_memory(count, size, err);
        return NULL;
    }
    return memory;
}

int memory_reserve(void *array, size_t *capacity, size_t wanted, size_t size, struct error *err)
{
    if (wanted <= *capacity)
        return 0;
    size_t grown = *capacity + *capacity / 2;
    if (grown < wanted)
        grown = wanted;
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

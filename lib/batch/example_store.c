/* SPDX-License-Identifier: MIT */
#include "batch/example_store.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { BUFFER = 1 << 16 /* numbers that are collected before writing to the file */ };

struct example_store example_store_new(uint64_t limit)
{
    return (struct example_store){.limit = limit};
}

void example_store_release(struct example_store *s)
{
    free(s->memory);
    if (s->spooled)
        spool_close(&s->file);
    *s = (struct example_store){0};
}

/* Moves the numbers in memory to the file. */
static int flush(struct example_store *s, struct error *err)
{
    if (!s->spooled && spool_open(&s->file, err) < 0)
        return -1;
    s->spooled = true;
    if (spool_append(&s->file, s->memory, s->waiting * sizeof *s->memory, err) < 0)
        return -1;
    s->waiting = s->capacity = 0;
    free(s->memory);
    s->memory = NULL;
    return 0;
}

static void count(struct example_store *s, uint32_t contexts, uint32_t noise)
{
    uint32_t ids = 1 + contexts + noise;
    s->count++;
    s->size += 1 + (uint64_t)ids;
    if (noise == 0) {
        s->undrawn++;
        s->undrawn_contexts += contexts;
    }
    if (ids > s->largest)
        s->largest = ids;
}

int example_store_add(struct example_store *s, const uint32_t *id, uint32_t contexts,
                      uint32_t noise, struct error *err)
{
    size_t n = 2 + (size_t)contexts + noise;
    uint64_t limit = s->spooled ? BUFFER : s->limit / sizeof *s->memory;
    if ((s->waiting > 0 && s->waiting + n > limit && flush(s, err) < 0) ||
        memory_reserve(&s->memory, &s->capacity, s->waiting + n, sizeof *s->memory, err) < 0)
        return -1;
    s->memory[s->waiting] = example_numbers(contexts, noise);
    memcpy(s->memory + s->waiting + 1, id, (n - 1) * sizeof *id);
    s->waiting += n;
    count(s, contexts, noise);
    return 0;
}

int example_store_finish(struct example_store *s, struct error *err)
{
    return s->spooled ? flush(s, err) : 0;
}

/* The numbers of the complete examples among the first `n`. */
static size_t complete(const uint32_t *stored, size_t n)
{
    size_t size = 0;
    while (size < n && 1 + (size_t)example_ids(stored[size]) <= n - size)
        size += 1 + (size_t)example_ids(stored[size]);
    return size;
}

int example_store_read(const struct example_store *s, uint64_t at, size_t n, uint32_t **buffer,
                       size_t *capacity, const uint32_t **stored, size_t *size, struct error *err)
{
    size_t most = n > 1 + (size_t)s->largest ? n : 1 + (size_t)s->largest;
    uint64_t left = s->size - at;
    n = left < most ? (size_t)left : most;
    if (s->spooled) {
        if (memory_reserve(buffer, capacity, n, sizeof **buffer, err) < 0 ||
            spool_read(&s->file, *buffer, n * sizeof **buffer, at * sizeof **buffer, err) < 0)
            return -1;
        *stored = *buffer;
    } else {
        *stored = s->memory + at;
    }
    *size = complete(*stored, n);
    return 0;
}

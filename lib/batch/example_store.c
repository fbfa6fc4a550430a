/* SPDX-License-Identifier: MIT */
#include "batch/example_store.h"

struct example_store example_store_new(uint64_t limit)
{
    return (struct example_store){.log = number_log_new(limit)};
}

void example_store_release(struct example_store *s)
{
    number_log_release(&s->log);
    *s = (struct example_store){0};
}

static void count(struct example_store *s, uint32_t contexts, uint32_t noise)
{
    uint32_t ids = 1 + contexts + noise;
    s->count++;
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
    uint32_t numbers = example_numbers(contexts, noise);
    if (number_log_add(&s->log, &numbers, 1, err) < 0 ||
        number_log_add(&s->log, id, 1 + (size_t)contexts + noise, err) < 0)
        return -1;
    count(s, contexts, noise);
    return 0;
}

int example_store_finish(struct example_store *s, struct error *err)
{
    return number_log_finish(&s->log, err);
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
    uint64_t left = s->log.count - at;
    n = left < most ? (size_t)left : most;
    if (number_log_read(&s->log, at, n, buffer, capacity, stored, err) < 0)
        return -1;
    *size = complete(*stored, n);
    return 0;
}

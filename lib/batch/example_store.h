/* SPDX-License-Identifier: MIT */
/* example_store.h -- examples that were given instead of drawn from sentences: ids in memory or, if
 * they exceed a memory limit, in a temporary file.
 *
 * The position of an example is its index, from 0. An example is stored as uint32_t numbers: its
 * example_numbers(), the centre word, the context words, the noise words.
 */
#ifndef SGNS_EXAMPLE_STORE_H
#define SGNS_EXAMPLE_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/number_log.h"

/* The most context and noise words of an example: as many as the widest window with the most noise
 * words has, so that a record of one example fits in a stream. */
enum {
    EXAMPLE_CONTEXTS_BITS = 11,
    EXAMPLE_CONTEXTS_MAX = 2000,
    EXAMPLE_NOISE_MAX = 1000 * EXAMPLE_CONTEXTS_MAX
};

/* The numbers of context and noise words of an example, in one integer. No noise words: they are
 * still to be drawn. */
static inline uint32_t example_numbers(uint32_t contexts, uint32_t noise)
{
    return contexts | noise << EXAMPLE_CONTEXTS_BITS;
}

static inline uint32_t example_contexts(uint32_t numbers)
{
    return numbers & ((1u << EXAMPLE_CONTEXTS_BITS) - 1);
}

static inline uint32_t example_noise(uint32_t numbers)
{
    return numbers >> EXAMPLE_CONTEXTS_BITS;
}

/* The number of ids of an example: centre, context and noise words. */
static inline uint32_t example_ids(uint32_t numbers)
{
    return 1 + example_contexts(numbers) + example_noise(numbers);
}

struct example_store {
    struct number_log log;
    uint64_t count;                     /* examples */
    uint64_t undrawn, undrawn_contexts; /* examples without noise words, and their context words */
    uint32_t largest;                   /* the most ids of an example */
    /* The vocabulary id of each stored id; NULL: they are the same. Belongs to the caller. */
    uint32_t *new_id;
};

/* `limit` is in bytes. There is nothing to release until an example is added. */
struct example_store example_store_new(uint64_t limit);
void example_store_release(struct example_store *s);

/* Adds an example. id: centre word, then `contexts` context words (at least 1), then `noise` noise
 * words; 0: to be drawn. */
int example_store_add(struct example_store *s, const uint32_t *id, uint32_t contexts,
                      uint32_t noise, struct error *err) MUST_USE;
/* Must be called after the last of them. */
int example_store_finish(struct example_store *s, struct error *err) MUST_USE;

/* Reads the complete examples among the first `n` numbers from number `at` on, where an example
 * starts; at least one. *stored, valid until the next call on the same buffer, becomes their first
 * number, *size the number of numbers. `buffer` (capacity) grows as needed, initialise it with
 * NULL; the caller frees it. */
int example_store_read(const struct example_store *s, uint64_t at, size_t n, uint32_t **buffer,
                       size_t *capacity, const uint32_t **stored, size_t *size,
                       struct error *err) MUST_USE;

#endif

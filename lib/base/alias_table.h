/* SPDX-License-Identifier: MIT */
/* alias_table.h -- samples from a discrete distribution in constant time.
 *
 * Walker's alias method. The table is built with the algorithm of M. D. Vose, "A linear algorithm
 * for generating random numbers with a given distribution", IEEE Trans. Software Eng. 17(9), 1991.
 * Probabilities are exact to 2^-32 of a bucket.
 */
#ifndef SGNS_ALIAS_TABLE_H
#define SGNS_ALIAS_TABLE_H

#include <stdint.h>

#include "base/error.h"
#include "base/random.h"

struct alias_bucket {
    uint32_t threshold; /* in units of 2^-32: probability that the bucket gives its own index */
    uint32_t alias;     /* otherwise it gives this one */
};

struct alias_table {
    uint32_t size;
    struct alias_bucket *bucket;
};

/* Builds a table for the indices 0 … size − 1, with probabilities proportional to weight (size).
 * Weights must not be negative, and at least one must be above zero. An index of weight zero is
 * never drawn. Returns -1 and status 1 if memory runs out; then there is nothing to release. */
int alias_init(struct alias_table *table, const double *weight, uint32_t size,
               struct error *err) MUST_USE;
void alias_release(struct alias_table *table);

/* Returns an index. One random word of 64 bits determines both the bucket and the position in
 * it. */
static inline uint32_t alias_draw(const struct alias_table *table, uint64_t word)
{
    uint64_t position;
    uint32_t index = (uint32_t)multiply_wide(word, table->size, &position);
    struct alias_bucket bucket = table->bucket[index];
    return position >> 32 < bucket.threshold ? index : bucket.alias;
}

/* The same with half a word, 32 bits, for tables of up to 2^16 buckets: the probability of an index
 * is exact to 2^-32 for each bucket that can give it. */
static inline uint32_t alias_draw_half(const struct alias_table *table, uint32_t half)
{
    uint64_t product = (uint64_t)half * table->size;
    uint32_t index = (uint32_t)(product >> 32);
    struct alias_bucket bucket = table->bucket[index];
    return (uint32_t)product < bucket.threshold ? index : bucket.alias;
}

#endif

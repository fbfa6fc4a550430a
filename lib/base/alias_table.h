/* SPDX-License-Identifier: MIT */
/* alias_table.h -- draws from a discrete distribution in constant time.
 *
 * Walker's alias method, built as M. D. Vose, "A linear algorithm for generating random numbers
 * with a given distribution", IEEE Trans. Software Eng. 17(9), 1991. Probabilities are exact to
 * 2^-32 of a bucket.
 */
#ifndef SGNS_ALIAS_TABLE_H
#define SGNS_ALIAS_TABLE_H

#include <stdint.h>

#include "base/error.h"
#include "base/random.h"

struct alias_bucket {
    uint32_t
        threshold; /* of the bucket's 2^32 parts, those that stay; the others go to the alias */
    uint32_t alias;
};

struct alias_table {
    uint32_t size;
    struct alias_bucket *bucket;
};

/* A table for 0 … size − 1 with probabilities in proportion to weight (size), which are not
 * negative and not all zero. What has weight zero is never drawn. */
int alias_init(struct alias_table *table, const double *weight, uint32_t size,
               struct error *err) MUST_USE;
void alias_release(struct alias_table *table);

/* One random word gives both the bucket and the place in it. */
static inline uint32_t alias_draw(const struct alias_table *table, uint64_t word)
{
    uint64_t place;
    uint32_t at = (uint32_t)multiply_wide(word, table->size, &place);
    struct alias_bucket bucket = table->bucket[at];
    return place >> 32 < bucket.threshold ? at : bucket.alias;
}

/* The same with half a word, 32 bits: probabilities are exact to 2^-32 for each bucket that a number
 * is in. For tables of up to 2^16 buckets. */
static inline uint32_t alias_draw_half(const struct alias_table *table, uint32_t half)
{
    uint64_t product = (uint64_t)half * table->size;
    uint32_t at = (uint32_t)(product >> 32);
    struct alias_bucket bucket = table->bucket[at];
    return (uint32_t)product < bucket.threshold ? at : bucket.alias;
}

#endif

/* SPDX-License-Identifier: MIT */
/* row_index.h -- the entries of a minibatch by the row of the matrix that they touch.
 *
 * A counting sort: with it each row's gradient is summed, and the row updated, by one owner in a
 * fixed order, without races and with the same result on any number of threads. The cost depends on
 * the minibatch alone, not on the vocabulary.
 */
#ifndef SGNS_ROW_INDEX_H
#define SGNS_ROW_INDEX_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"

/* Arrays grow as needed; all zero is an empty one. */
struct row_index {
    uint32_t rows; /* different ids */
    uint32_t *row; /* (rows) the ids, by first appearance */
    uint32_t
        *first; /* (rows + 1) row i has the entries entry[first[i]] … entry[first[i + 1] − 1] */
    uint32_t *entry; /* (n) places in the array of ids, rising within a row */
    uint32_t *place; /* (n) scratch: the row of each entry */
    size_t row_capacity, first_capacity, entry_capacity, place_capacity;
};

/* Indexes id (n). `slot` is scratch, one for each id there can be, all zero before and after. */
int row_index_build(struct row_index *index, const uint32_t *id, uint32_t n, uint32_t *slot,
                    struct error *err) MUST_USE;
void row_index_release(struct row_index *index);

#endif

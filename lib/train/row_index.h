/* SPDX-License-Identifier: MIT */
/* row_index.h -- the entries of a minibatch by the row of the matrix that they touch.
 *
 * A counting sort: with it each row's gradient is summed, and the row updated, by one owner in a
 * fixed order, without races and with the same result on any number of threads. Rows rise, so that
 * a pass over them walks through memory in one direction. The cost depends on the minibatch, and
 * of the vocabulary on no more than a bit for each word.
 */
#ifndef SGNS_ROW_INDEX_H
#define SGNS_ROW_INDEX_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Arrays grow as needed; all zero is an empty one. */
struct row_index {
    uint32_t rows; /* different ids */
    uint32_t *row; /* (rows) the ids, rising */
    uint32_t
        *first; /* (rows + 1) row i has the entries entry[first[i]] … entry[first[i + 1] − 1] */
    uint32_t *entry; /* (n) whose the ids are, rising within a row */
    uint32_t *place; /* (n) of each id, in their own order: where it is among the entries */
    size_t row_capacity, first_capacity, entry_capacity, place_capacity;
};

/* Scratch for ids below some number, all zero between uses. */
struct row_marks {
    uint32_t *count;  /* (ids) */
    uint64_t *occurs; /* (size) a bit for each id */
    size_t size;
};

int row_marks_init(struct row_marks *marks, uint32_t ids, struct error *err) MUST_USE;
void row_marks_release(struct row_marks *marks);

/* Indexes id (n), which belong to owner (n, rising), or without it to themselves: 0 … n − 1. */
int row_index_build(struct row_index *index, const uint32_t *id, uint32_t n, const uint32_t *owner,
                    struct row_marks *marks, struct error *err) MUST_USE;
/* row[i] (n) = which row of the index is id[i], for ids that are all in it. */
void row_index_find(const struct row_index *index, const uint32_t *id, uint32_t n,
                    struct row_marks *marks, uint32_t *row);

void row_index_release(struct row_index *index);

#endif

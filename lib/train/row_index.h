/* SPDX-License-Identifier: MIT */
/* row_index.h -- an index of a minibatch by matrix rows: which of its examples touch each row.
 *
 * It is built with a counting sort. With the index one thread can sum the gradient of a row and
 * update the row, in a fixed order: without races, and with the same result for any number of
 * threads. Rows are in ascending order, so that a pass over them goes through memory in one
 * direction. The time is proportional to the size of the minibatch, plus one pass over a bit set
 * with one bit per word of the vocabulary.
 */
#ifndef SGNS_ROW_INDEX_H
#define SGNS_ROW_INDEX_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* The owner of an id is the example that it belongs to. Arrays grow as needed. Initialise with
 * zeros. */
struct row_index {
    uint32_t rows; /* number of different ids */
    uint32_t *row; /* (rows) these ids, ascending */
    uint32_t *first; /* (rows + 1) row i has the owners owner[first[i]] … owner[first[i + 1] − 1] */
    uint32_t *owner;    /* (n) ascending within a row */
    uint32_t *position; /* (n) for each id, in the order of the input, its index in `owner` */
    size_t row_capacity, first_capacity, owner_capacity, position_capacity;
};

/* Scratch memory for ids less than `ids`, all zero between uses. */
struct row_marks {
    uint32_t *count;  /* (ids) */
    uint64_t *occurs; /* (size) a bit for each id */
    size_t size;
};

/* Release `marks` even after an error. */
int row_marks_init(struct row_marks *marks, uint32_t ids, struct error *err) MUST_USE;
void row_marks_release(struct row_marks *marks);

/* Indexes id (n) with the owners owner (n), ascending; if `owner` is NULL, id i has the owner i. */
int row_index_build(struct row_index *index, const uint32_t *id, uint32_t n, const uint32_t *owner,
                    struct row_marks *marks, struct error *err) MUST_USE;
/* Stores in row[i] (n) the index in index->row of id[i]. All ids must be in the index. */
void row_index_find(const struct row_index *index, const uint32_t *id, uint32_t n,
                    struct row_marks *marks, uint32_t *row);

void row_index_release(struct row_index *index);

#endif

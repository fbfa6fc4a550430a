/* SPDX-License-Identifier: MIT */
/* row_index.cuh -- the entries of many minibatches by the row that they touch: lib/train/row_index.h for a
 * group of minibatches at once, by one sort.
 *
 * A segment is a row of one minibatch with its entries. Entries are numbered through the group.
 */
#ifndef SGNS_CUDA_ROW_INDEX_CUH
#define SGNS_CUDA_ROW_INDEX_CUH

#include <cstdint>

#include "check.cuh"

/* What kernels see. Minibatch b has the segments batch_segment[b] … batch_segment[b + 1] − 1, by
 * rising row; segment s the entries entry[first[s]] … entry[first[s + 1] − 1], rising. */
struct row_segments {
    const uint32_t *batch_segment; /* (batches + 1) */
    const uint32_t *row;           /* (segments) */
    const uint32_t *first;         /* (segments + 1) */
    const uint32_t *entry;         /* (entries) */
    const uint8_t *rested;         /* (segments) whether the minibatch before does not touch the row */
};

struct device_row_index {
    device_array<uint64_t> key, sorted_key, segment_key;
    device_array<uint32_t> number, entry, head, place, first, row, batch_segment;
    device_array<uint8_t> rested, scratch;

    /* Device memory for an entry: in the arrays above, and in the second copy of keys and numbers that
     * the sort keeps in `scratch`. */
    static const size_t ENTRY_BYTES = 4 * sizeof(uint64_t) + 7 * sizeof(uint32_t) + 1;

    /* Indexes `entries` ids of `batches` minibatches on `stream`. Entry e belongs to the example
     * owner[e], or is it where owner is null; minibatch b has the examples batch_first[b] …
     * batch_first[b + 1] − 1. All in device memory, `words` rows. */
    int build(const uint32_t *id, const uint32_t *owner, uint32_t entries,
              const uint32_t *batch_first, uint32_t batches, uint32_t words, cudaStream_t stream,
              struct error *err);
    row_segments segments() const;
    void release();
};

#endif

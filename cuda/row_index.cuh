/* SPDX-License-Identifier: MIT */
/* row_index.cuh -- indexes a group of minibatches by matrix rows, with a single sort; for each
 * minibatch the result is that of lib/train/row_index.h.
 *
 * An entry is the index of an id in the group; `owner` gives its example. A
 * segment is a row of one minibatch with its entries.
 */
#ifndef SGNS_CUDA_ROW_INDEX_CUH
#define SGNS_CUDA_ROW_INDEX_CUH

#include <cstdint>

#include "check.cuh"

/* The index as kernels use it. Minibatch b has the segments batch_segment[b] … batch_segment[b +
 * 1] − 1, in ascending order of rows. Segment s has the entries entry[first[s]] … entry[first[s +
 * 1] − 1], in ascending order. */
struct row_segments {
    const uint32_t *batch_segment; /* (batches + 1) */
    const uint32_t *row;           /* (segments) */
    const uint32_t *first;         /* (segments + 1) */
    const uint32_t *entry;         /* (entries) */
    const uint8_t *rested; /* (segments) whether the previous minibatch does not touch the row */
};

struct device_row_index {
    device_array<uint64_t> key, sorted_key, segment_key;
    device_array<uint32_t> unsorted, entry; /* entries in the order of key and of sorted_key */
    device_array<uint32_t> head, segments_up_to, first, row, batch_segment;
    device_array<uint8_t> rested, scratch;

    /* Bytes of device memory per entry: in the arrays above, and in the copies of keys and
     * entries that the sort makes in `scratch`. */
    static const size_t ENTRY_BYTES = 4 * sizeof(uint64_t) + 7 * sizeof(uint32_t) + 1;

    /* Indexes `entries` ids, less than `words`, of `batches` minibatches on `stream`. Entry e
     * belongs to the example owner[e], or if `owner` is null to example e. Minibatch b has the
     * examples batch_first[b] … batch_first[b + 1] − 1. All arrays are in device memory. */
    int build(const uint32_t *id, const uint32_t *owner, uint32_t entries,
              const uint32_t *batch_first, uint32_t batches, uint32_t words, cudaStream_t stream,
              struct error *err);
    row_segments segments() const;
    void release();
};

#endif

/* SPDX-License-Identifier: MIT */
#include "row_index.cuh"

#include <cub/cub.cuh>

namespace
{

const char *const WHAT = "indexing minibatches";

__device__ uint32_t global_thread()
{
    return blockIdx.x * blockDim.x + threadIdx.x;
}

/* The minibatch of an example: the last b < batches with first[b] ≤ example. */
__device__ uint32_t batch_of(uint32_t example, const uint32_t *first, uint32_t batches)
{
    uint32_t low = 0, high = batches;
    while (high - low > 1) {
        uint32_t middle = (low + high) / 2;
        if (first[middle] <= example)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* A key is minibatch · words + row: sorting by it groups entries by minibatch, and then by row. */
struct key_task {
    const uint32_t *id, *owner, *batch_first;
    uint32_t entries, batches, words;
    uint64_t *key;
    uint32_t *unsorted;
};

__global__ void make_keys(key_task t)
{
    uint32_t e = global_thread();
    if (e >= t.entries)
        return;
    uint32_t batch = batch_of(t.owner ? t.owner[e] : e, t.batch_first, t.batches);
    t.key[e] = (uint64_t)batch * t.words + t.id[e];
    t.unsorted[e] = e;
}

struct segment_task {
    const uint64_t *key; /* sorted */
    uint32_t entries, batches, words;
    uint32_t *head;                 /* (entries) 1 if a segment starts here, else 0 */
    const uint32_t *segments_up_to; /* (entries) number of segments up to and including this one */
    uint64_t *segment_key;
    uint32_t *row, *first, *batch_segment;
    uint8_t *rested;
};

__global__ void mark_heads(segment_task t)
{
    uint32_t j = global_thread();
    if (j < t.entries)
        t.head[j] = j == 0 || t.key[j] != t.key[j - 1];
}

__global__ void fill_segments(segment_task t)
{
    uint32_t j = global_thread();
    if (j >= t.entries)
        return;
    if (t.head[j]) {
        uint32_t s = t.segments_up_to[j] - 1, batch = (uint32_t)(t.key[j] / t.words);
        t.segment_key[s] = t.key[j];
        t.row[s] = (uint32_t)(t.key[j] % t.words);
        t.first[s] = j;
        if (j == 0 || t.key[j - 1] / t.words != batch)
            t.batch_segment[batch] = s;
    }
    if (j == t.entries - 1) {
        t.first[t.segments_up_to[j]] = t.entries;
        t.batch_segment[t.batches] = t.segments_up_to[j];
    }
}

/* Searches for each row among the rows of the previous minibatch. */
__global__ void mark_rested(segment_task t)
{
    uint32_t s = global_thread();
    if (s >= t.batch_segment[t.batches])
        return;
    uint32_t batch = (uint32_t)(t.segment_key[s] / t.words);
    uint8_t rested = 1;
    if (batch > 0) {
        uint64_t wanted = t.segment_key[s] - t.words;
        uint32_t low = t.batch_segment[batch - 1], high = t.batch_segment[batch];
        while (low < high) {
            uint32_t middle = (low + high) / 2;
            if (t.segment_key[middle] < wanted)
                low = middle + 1;
            else
                high = middle;
        }
        rested = low == t.batch_segment[batch] || t.segment_key[low] != wanted;
    }
    t.rested[s] = rested;
}

int bits_of(uint64_t number)
{
    int bits = 1;
    while (number >>= 1)
        bits++;
    return bits;
}

} // namespace

int device_row_index::build(const uint32_t *id, const uint32_t *owner, uint32_t entries,
                            const uint32_t *batch_first, uint32_t batches, uint32_t words,
                            cudaStream_t stream, struct error *err)
{
    const size_t n = entries;
    if (key.reserve(n, WHAT, err) < 0 || sorted_key.reserve(n, WHAT, err) < 0 ||
        segment_key.reserve(n, WHAT, err) < 0 || unsorted.reserve(n, WHAT, err) < 0 ||
        entry.reserve(n, WHAT, err) < 0 || head.reserve(n, WHAT, err) < 0 ||
        segments_up_to.reserve(n, WHAT, err) < 0 || first.reserve(n + 1, WHAT, err) < 0 ||
        row.reserve(n, WHAT, err) < 0 || rested.reserve(n, WHAT, err) < 0 ||
        batch_segment.reserve(batches + 1, WHAT, err) < 0)
        return -1;

    int end_bit = bits_of((uint64_t)batches * words - 1);
    size_t sort_bytes = 0, scan_bytes = 0;
    if (cuda_check(cub::DeviceRadixSort::SortPairs(nullptr, sort_bytes, key.data, sorted_key.data,
                                                   unsorted.data, entry.data, entries, 0, end_bit,
                                                   stream),
                   WHAT, err) < 0 ||
        cuda_check(cub::DeviceScan::InclusiveSum(nullptr, scan_bytes, head.data,
                                                 segments_up_to.data, entries, stream),
                   WHAT, err) < 0 ||
        scratch.reserve(sort_bytes > scan_bytes ? sort_bytes : scan_bytes, WHAT, err) < 0)
        return -1;

    key_task keys = {id, owner, batch_first, entries, batches, words, key.data, unsorted.data};
    segment_task segments = {
        sorted_key.data,     entries,          batches,  words,      head.data,
        segments_up_to.data, segment_key.data, row.data, first.data, batch_segment.data,
        rested.data};
    if (cuda_launch(make_keys, keys, n, stream, WHAT, err) < 0 ||
        cuda_check(cub::DeviceRadixSort::SortPairs(scratch.data, sort_bytes, key.data,
                                                   sorted_key.data, unsorted.data, entry.data,
                                                   entries, 0, end_bit, stream),
                   WHAT, err) < 0 ||
        cuda_launch(mark_heads, segments, n, stream, WHAT, err) < 0 ||
        cuda_check(cub::DeviceScan::InclusiveSum(scratch.data, scan_bytes, head.data,
                                                 segments_up_to.data, entries, stream),
                   WHAT, err) < 0 ||
        cuda_launch(fill_segments, segments, n, stream, WHAT, err) < 0 ||
        cuda_launch(mark_rested, segments, n, stream, WHAT, err) < 0)
        return -1;
    return 0;
}

row_segments device_row_index::segments() const
{
    return {batch_segment.data, row.data, first.data, entry.data, rested.data};
}

void device_row_index::release()
{
    key.release();
    sorted_key.release();
    segment_key.release();
    unsorted.release();
    entry.release();
    head.release();
    segments_up_to.release();
    first.release();
    row.release();
    batch_segment.release();
    rested.release();
    scratch.release();
}

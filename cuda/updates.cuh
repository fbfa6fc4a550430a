/* SPDX-License-Identifier: MIT */
/* updates.cuh -- phase 2 of a minibatch: sums the gradient of each row, and updates the row. */
#ifndef SGNS_CUDA_UPDATES_CUH
#define SGNS_CUDA_UPDATES_CUH

#include "group.cuh"

/* The rows of one matrix that a minibatch touches, and the sources of their gradients. Entry e adds
 * f · source[r], where f = coefficient[e], or 1 if `coefficient` is null, and r = owner[e] −
 * first_example, or e − first_example if `owner` is null. */
struct row_work {
    weight_table to;
    row_segments segments;
    const float4 *source;
    const float *coefficient;
    const uint32_t *owner;
    uint32_t first_example;
};

/* Adds the entries from `start` to `end`, at most LANES_IN_WARP, in their order. */
template <unsigned Q>
__device__ inline void add_entries(const row_work &w, uint32_t quads, uint32_t start, uint32_t end,
                                   unsigned lane, row_part<Q> &sum)
{
    uint32_t n = end - start < LANES_IN_WARP ? end - start : LANES_IN_WARP, own_source = 0;
    float own_factor = 0.0f;
    if (lane < n) {
        uint32_t e = w.segments.entry[start + lane];
        own_source = (w.owner ? w.owner[e] : e) - w.first_example;
        own_factor = w.coefficient ? w.coefficient[e] : 1.0f;
    }
#pragma unroll 4
    for (uint32_t i = 0; i < n; i++) {
        uint32_t source = __shfl_sync(EVERY_LANE, own_source, (int)i);
        float factor = __shfl_sync(EVERY_LANE, own_factor, (int)i);
        add_scaled<Q>(sum, factor, load_row<Q>(w.source + (size_t)source * quads, quads, lane));
    }
}

template <unsigned Q>
__device__ inline void step_row(const device_model &model, const row_work &w, uint32_t segment,
                                const row_part<Q> &gradient, uint64_t step, const update_rule &rule,
                                unsigned lane)
{
    uint32_t id = w.segments.row[segment];
    float4 *row = w.to.rows + (size_t)id * model.row_stride;
    if (rule.optimizer == OPTIMIZER_SGD) {
        row_part<Q> weights = load_row<Q>(row, model.quads, lane);
        add_scaled<Q>(weights, -rule.rate, gradient);
        store_row<Q>(row, weights, model.quads, lane);
        return;
    }
    state_part<Q> s = load_state<Q>(row, model.quads, lane);
    for_each_value<Q>(s, gradient, [&](float &p, float &m, float &v, float g) {
        adam_step_value(p, m, v, g, rule.adam);
    });
    store_state<Q>(row, s, model.quads, lane);
    if (lane == 0)
        w.to.step[id] = step;
}

/* Updates a row with many entries, by a block: each warp takes LANES_IN_WARP entries in turn. */
template <unsigned Q>
__device__ inline void step_long_row(const device_model &model, const row_work &w, uint32_t segment,
                                     uint64_t step, const update_rule &rule, float4 *partial)
{
    unsigned warp = threadIdx.x / LANES_IN_WARP, lane = threadIdx.x % LANES_IN_WARP;
    uint32_t end = w.segments.first[segment + 1];
    row_part<Q> sum = zero_row<Q>();
    for (uint32_t at = w.segments.first[segment] + warp * LANES_IN_WARP; at < end; at += BLOCK)
        add_entries<Q>(w, model.quads, at, end, lane, sum);
    store_row<Q>(partial + warp * model.quads, sum, model.quads, lane);
    __syncthreads();
    if (warp == 0) {
        for (unsigned other = 1; other < WARPS; other++)
            add_scaled<Q>(sum, 1.0f, load_row<Q>(partial + other * model.quads, model.quads, lane));
        step_row<Q>(model, w, segment, sum, step, rule, lane);
    }
    __syncthreads();
}

/* Updates the rows of minibatch `batch` that belong to this block. Rows are distributed one by
 * one to the blocks in turn, since those of the most frequent words, which have the most entries,
 * come first. */
template <unsigned Q>
__device__ inline void update_rows(const device_model &model, const row_work &w, uint32_t batch,
                                   uint64_t step, float4 *partial, uint32_t *long_row)
{
    unsigned warp = threadIdx.x / LANES_IN_WARP, lane = threadIdx.x % LANES_IN_WARP;
    uint32_t start = w.segments.batch_segment[batch], end = w.segments.batch_segment[batch + 1];
    update_rule rule = update_rule_at(model, step);
    for (uint32_t base = start; base < end; base += gridDim.x * WARPS) {
        uint32_t segment = base + warp * gridDim.x + blockIdx.x;
        bool valid = segment < end;
        uint32_t first = valid ? w.segments.first[segment] : 0;
        uint32_t last = valid ? w.segments.first[segment + 1] : 0;
        bool is_long = last - first > LANES_IN_WARP;
        if (lane == 0)
            long_row[warp] = is_long ? segment : UINT32_MAX;
        if (valid && !is_long) {
            row_part<Q> sum = zero_row<Q>();
            add_entries<Q>(w, model.quads, first, last, lane, sum);
            step_row<Q>(model, w, segment, sum, step, rule, lane);
        }
        __syncthreads();
        for (unsigned i = 0; i < WARPS; i++)
            if (long_row[i] != UINT32_MAX)
                step_long_row<Q>(model, w, long_row[i], step, rule, partial);
        __syncthreads();
    }
}

/* Advances the rows of minibatch `batch` to the state after step `to`. Without `all`, skips those
 * that the previous minibatch touches: they are up to date, or being updated. */
template <unsigned Q>
__device__ inline void bring_up_to_date(const device_model &model, const weight_table &t,
                                        const row_segments &segments, uint32_t batch, bool all,
                                        uint64_t to)
{
    unsigned warp = threadIdx.x / LANES_IN_WARP, lane = threadIdx.x % LANES_IN_WARP;
    uint32_t start = segments.batch_segment[batch], end = segments.batch_segment[batch + 1];
    if (model.optimizer == OPTIMIZER_SGD) /* a row without a gradient stays as it is */
        return;
    for (uint32_t s = start + blockIdx.x * WARPS + warp; s < end; s += gridDim.x * WARPS)
        if (all || segments.rested[s])
            catch_up<Q>(model, t, segments.row[s], to, lane);
}

/* Sums a minibatch's losses by one warp, always in the same order. */
__device__ inline void sum_losses(const minibatch_group &g, uint32_t batch, unsigned lane)
{
    double sum = 0;
    for (uint32_t i = g.batch_first[batch] + lane; i < g.batch_first[batch + 1]; i += LANES_IN_WARP)
        sum += g.loss[i];
    for (unsigned distance = LANES_IN_WARP / 2; distance > 0; distance /= 2)
        sum += __shfl_xor_sync(EVERY_LANE, sum, distance);
    if (lane == 0)
        g.batch_loss[batch] = sum;
}

#endif

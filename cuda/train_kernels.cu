/* SPDX-License-Identifier: MIT */
#include "train_kernels.cuh"

#include <cooperative_groups.h>

#include "examples.cuh"
#include "shared.cuh"
#include "updates.cuh"

template <unsigned Q> __global__ void __launch_bounds__(BLOCK) train_group(train_task t)
{
    auto grid = cooperative_groups::this_grid();
    float4 *partial = shared_memory<float4>();
    float *losses = (float *)(partial + WARPS * t.m.quads);
    uint32_t *long_row = (uint32_t *)(losses + WARPS);
    const minibatch_group &g = t.g;

    bring_up_to_date<Q>(t.m, t.m.context, g.context_rows, 0, true, g.steps);
    bring_up_to_date<Q>(t.m, t.m.centre, g.centre_rows, 0, true, g.steps);
    grid.sync();
    for (uint32_t batch = 0; batch < g.batches; batch++) {
        uint32_t first = g.batch_first[batch], end = g.batch_first[batch + 1];
        for (uint32_t i = first + blockIdx.x; i < end; i += gridDim.x)
            run_example<Q>(t, i, i - first, partial, losses);
        grid.sync();

        uint64_t step = g.steps + batch + 1;
        row_work u = {t.m.context, g.context_rows, g.centre_copy, g.coefficient, g.owner, first};
        row_work v = {t.m.centre, g.centre_rows, g.gradient, nullptr, nullptr, first};
        update_rows<Q>(t.m, u, batch, step, partial, long_row);
        update_rows<Q>(t.m, v, batch, step, partial, long_row);
        if (batch + 1 < g.batches) {
            bring_up_to_date<Q>(t.m, t.m.context, g.context_rows, batch + 1, false, step);
            bring_up_to_date<Q>(t.m, t.m.centre, g.centre_rows, batch + 1, false, step);
        }
        if (blockIdx.x == gridDim.x - 1 && threadIdx.x < LANES_IN_WARP)
            sum_losses(g, batch, threadIdx.x);
        grid.sync();
    }
}

/* Computes the losses of a group's examples, one warp per example, by the model after g.steps
 * steps. Writes nothing else. */
template <unsigned Q> __global__ void __launch_bounds__(BLOCK) evaluate_group(train_task t)
{
    const minibatch_group &g = t.g;
    unsigned lane = threadIdx.x % LANES_IN_WARP;
    uint32_t i = blockIdx.x * WARPS + threadIdx.x / LANES_IN_WARP;
    if (i >= g.batch_first[g.batches])
        return;
    uint32_t start = g.first[i], end = g.first[i + 1];
    row_part<Q> centre = load_row_after<Q>(t.m, t.m.centre, g.centre[i], g.steps, lane);
    float loss = 0.0f;
    for (uint32_t e = start; e < end; e++) {
        row_part<Q> row = load_row_after<Q>(t.m, t.m.context, g.word[e], g.steps, lane);
        float x = sum_over_warp(dot_share<Q>(centre, row));
        loss += differentiate(x, e - start < g.contexts[i] ? 1.0f : 0.0f, 1.0f).loss;
    }
    if (lane == 0)
        g.loss[i] = loss / (float)(end - start);
}

__global__ void fill_owners(owner_task t)
{
    uint32_t i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < t.examples)
        for (uint32_t e = t.first[i]; e < t.first[i + 1]; e++)
            t.owner[e] = i;
}

/* Copies rows with their moments, one warp per row. Does not change the table. */
template <unsigned Q> __global__ void __launch_bounds__(BLOCK) collect(collect_task t)
{
    unsigned lane = threadIdx.x % LANES_IN_WARP;
    uint32_t i = blockIdx.x * WARPS + threadIdx.x / LANES_IN_WARP, quads = t.m.quads;
    if (i >= t.count)
        return;
    uint32_t id = t.first + i;
    float4 *out = t.out + (size_t)i * t.m.row_stride;
    const float4 *row = t.from.rows + (size_t)id * t.m.row_stride;
    for (uint32_t part = 0; part < t.m.row_stride; part += quads)
        store_row<Q>(out + part, load_row<Q>(row + part, quads, lane), quads, lane);
    if (t.step > 0 && t.from.step[id] < t.step)
        advance<Q>(t.m, out, t.from.step[id], t.step, lane);
}

train_kernels train_kernels_for(uint32_t quads)
{
    if (quads <= 1 * LANES_IN_WARP)
        return {train_group<1>, evaluate_group<1>, collect<1>};
    if (quads <= 2 * LANES_IN_WARP)
        return {train_group<2>, evaluate_group<2>, collect<2>};
    if (quads <= 4 * LANES_IN_WARP)
        return {train_group<4>, evaluate_group<4>, collect<4>};
    return {train_group<8>, evaluate_group<8>, collect<8>};
}

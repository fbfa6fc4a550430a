/* SPDX-License-Identifier: MIT */
/* model.cuh -- the model in device memory, and the optimisers' operations on a row, by a warp. */
#ifndef SGNS_CUDA_MODEL_CUH
#define SGNS_CUDA_MODEL_CUH

#include <cstdint>

#include "row.cuh"

extern "C" {
#include "train/adam.h"
#include "train/sgd.h"
#include "train/trainer.h"
}

/* A matrix. Row r begins at rows + row_stride · r: `quads` float4 of weights and, with Adam, the
 * same number of first and of second moments. */
struct weight_table {
    float4 *rows;
    uint64_t *step; /* (words) with Adam: the step after which a row is up to date */
};

struct device_model {
    weight_table centre, context; /* V, U */
    uint32_t quads;      /* float4 in a row of weights */
    uint32_t row_stride; /* float4 from one row of a table to the next */
    enum optimizer optimizer;
    struct adam adam; /* with tables in device memory */
    double lr;
    uint64_t steps; /* of all epochs */
};

/* ---- Adam on a row, by a warp ---- */

__device__ inline void adam_step_value(float &p, float &m, float &v, float g, const adam_step &a)
{
    m = m * a.shrink_m + g * a.rate_m;
    v = v * a.shrink_v + g * g * a.rate_v;
    p -= a.scale * m / (sqrtf(v) + a.epsilon);
}

__device__ inline void adam_rest_value(float &p, float &m, float &v, const adam_rest &a)
{
    p -= a.scale * m / (sqrtf(v) + a.epsilon);
    m *= a.shrink_m;
    v *= a.shrink_v;
}

/* A lane's part of a row with its moments: weights p, moments m and v. */
template <unsigned Q> struct state_part {
    row_part<Q> p, m, v;
};

template <unsigned Q>
__device__ state_part<Q> load_state(const float4 *row, uint32_t quads, unsigned lane)
{
    return {load_row<Q>(row, quads, lane), load_row<Q>(row + quads, quads, lane),
            load_row<Q>(row + 2 * quads, quads, lane)};
}

template <unsigned Q>
__device__ inline void store_state(float4 *row, const state_part<Q> &s, uint32_t quads,
                                   unsigned lane)
{
    store_row<Q>(row, s.p, quads, lane);
    store_row<Q>(row + quads, s.m, quads, lane);
    store_row<Q>(row + 2 * quads, s.v, quads, lane);
}

/* Calls change(p, m, v, g) for each weight of a row that belongs to this lane. */
template <unsigned Q, class F>
__device__ inline void for_each_value(state_part<Q> &s, const row_part<Q> &g, F change)
{
    for (unsigned q = 0; q < Q; q++) {
        change(s.p.quad[q].x, s.m.quad[q].x, s.v.quad[q].x, g.quad[q].x);
        change(s.p.quad[q].y, s.m.quad[q].y, s.v.quad[q].y, g.quad[q].y);
        change(s.p.quad[q].z, s.m.quad[q].z, s.v.quad[q].z, g.quad[q].z);
        change(s.p.quad[q].w, s.m.quad[q].w, s.v.quad[q].w, g.quad[q].w);
    }
}

/* The coefficients of a step, for every row that has a gradient. */
struct update_rule {
    enum optimizer optimizer;
    float rate; /* of gradient descent */
    adam_step adam;
};

__device__ inline update_rule update_rule_at(const device_model &m, uint64_t step)
{
    update_rule rule = {m.optimizer, sgd_rate(m.lr, step - 1, m.steps), adam_step()};
    if (m.optimizer == OPTIMIZER_ADAM)
        rule.adam = adam_step_at(&m.adam, step);
    return rule;
}

/* Advances a row and its moments from the state after step `from`, at least 1, to that after step
 * `to`. */
template <unsigned Q>
__device__ inline void advance_state(const device_model &model, state_part<Q> &s, uint64_t from,
                                     uint64_t to)
{
    if (from == to)
        return;
    adam_rest rest = adam_rest_after(&model.adam, from, to);
    for_each_value<Q>(s, zero_row<Q>(),
                      [&](float &p, float &m, float &v, float) { adam_rest_value(p, m, v, rest); });
}

/* The same for a row in device memory; `from` may be 0. */
template <unsigned Q>
__device__ inline void advance(const device_model &model, float4 *row, uint64_t from, uint64_t to,
                               unsigned lane)
{
    if (from == 0) /* it never had a gradient: its moments are zero, and it does not change */
        return;
    state_part<Q> s = load_state<Q>(row, model.quads, lane);
    advance_state<Q>(model, s, from, to);
    store_state<Q>(row, s, model.quads, lane);
}

/* Returns the weights of row `id` after step `to`, without changing the table. */
template <unsigned Q>
__device__ row_part<Q> load_row_after(const device_model &model, const weight_table &t, uint32_t id,
                                      uint64_t to, unsigned lane)
{
    const float4 *row = t.rows + (size_t)id * model.row_stride;
    uint64_t from = model.optimizer == OPTIMIZER_ADAM ? t.step[id] : 0;
    if (from == 0 || from == to)
        return load_row<Q>(row, model.quads, lane);
    state_part<Q> s = load_state<Q>(row, model.quads, lane);
    advance_state<Q>(model, s, from, to);
    return s.p;
}

/* Advances row `id` of a table to the state after step `to`, and records `to` in t.step. */
template <unsigned Q>
__device__ inline void catch_up(const device_model &model, const weight_table &t, uint32_t id,
                                uint64_t to, unsigned lane)
{
    uint64_t from = t.step[id];
    if (from == to)
        return;
    __syncwarp();
    if (lane == 0)
        t.step[id] = to;
    advance<Q>(model, t.rows + (size_t)id * model.row_stride, from, to, lane);
}

#endif

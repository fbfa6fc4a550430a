/* SPDX-License-Identifier: MIT */
/* Training on a GPU: what lib/train/trainer_cpu.c does, for a group of minibatches at a time.
 *
 * `prepare` copies a group to the device and indexes it there (row_index.cuh), on a stream of its own,
 * while the group before is trained on. `step` is one cooperative kernel that walks through the
 * group's minibatches in order. All blocks of the grid go through two phases a minibatch, with a
 * barrier of the whole grid behind each:
 *
 *   1. Examples, a block each: logits, loss, derivatives. A warp takes a word; lanes share its row.
 *   2. Rows, a warp each: gradients are summed and rows updated; and the rows that the next minibatch
 *      touches, but this one does not, are brought up to date (lib/train/adam.h).
 *
 * Nothing is added up by atomics: every sum has one owner and one order, so that two runs on one
 * device give the same bytes.
 */
#include <cooperative_groups.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

#include "check.cuh"
#include "base/gpu_plugin.h"
#include "row_index.cuh"
#include "shared.cuh"

extern "C" {
#include "train/adam.h"
#include "train/sgd.h"
#include "train/trainer.h"
}

namespace
{

const unsigned WARPS = 8, LANES_IN_WARP = 32, BLOCK = WARPS * LANES_IN_WARP;
const unsigned WORDS_AT_ONCE = 4; /* rows that a warp keeps in flight */
const unsigned EVERY_LANE = 0xffffffffu;
const uint32_t GROUP_EXAMPLES = 1 << 15, GROUP_BATCHES = 64;
const uint32_t DIM_LARGEST = 1024;

/* A matrix. Row r is at rows + apart · r: `quads` float4 of weights and, with Adam, as many of first
 * and of second moments. */
struct table {
    float4 *rows;
    uint64_t *step; /* (words) with Adam: the step after which a row is up to date */
};

struct model {
    table centre, context; /* V, U */
    uint32_t quads, apart; /* float4 in a row of weights; from one row of a table to the next */
    enum optimizer optimizer;
    struct adam adam; /* with tables in device memory */
    double lr;
    uint64_t steps; /* that training will have */
};

/* One group, in device memory. Examples and words are numbered through the group. */
struct group {
    uint32_t batches;
    const uint32_t *batch_first; /* (batches + 1) a minibatch's first example */
    const uint32_t *centre;      /* (examples) */
    const uint32_t *contexts;    /* (examples) how many of its words are contexts */
    const uint32_t *first;       /* (examples + 1) an example's first word */
    const uint32_t *word;        /* (words of the group) */
    const uint32_t *owner;       /* (words of the group) the example of each */
    row_segments context_rows, centre_rows; /* of U and V */
    uint64_t steps;                         /* done before this group */

    /* What phase 1 leaves for phase 2. Rows of the minibatch at hand: (its examples, quads). */
    float *coefficient; /* (words of the group) */
    float4 *centre_copy, *gradient;
    float *loss;        /* (examples) */
    double *batch_loss; /* (batches) */
};

struct train_task {
    model m;
    group g;
};

/* ---- rows: Q float4 a lane, enough for 128 · Q dimensions ---- */

template <unsigned Q> struct row_part {
    float4 quad[Q];
};

template <unsigned Q> __device__ row_part<Q> zero_row()
{
    row_part<Q> part;
    for (unsigned q = 0; q < Q; q++)
        part.quad[q] = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
    return part;
}

template <unsigned Q>
__device__ row_part<Q> load_row(const float4 *row, uint32_t quads, unsigned lane)
{
    row_part<Q> part = zero_row<Q>();
    for (unsigned q = 0; q < Q; q++)
        if (lane + q * LANES_IN_WARP < quads)
            part.quad[q] = row[lane + q * LANES_IN_WARP];
    return part;
}

template <unsigned Q>
__device__ void store_row(float4 *row, const row_part<Q> &part, uint32_t quads, unsigned lane)
{
    for (unsigned q = 0; q < Q; q++)
        if (lane + q * LANES_IN_WARP < quads)
            row[lane + q * LANES_IN_WARP] = part.quad[q];
}

template <unsigned Q>
__device__ void add_scaled(row_part<Q> &to, float factor, const row_part<Q> &row)
{
    for (unsigned q = 0; q < Q; q++) {
        to.quad[q].x += factor * row.quad[q].x;
        to.quad[q].y += factor * row.quad[q].y;
        to.quad[q].z += factor * row.quad[q].z;
        to.quad[q].w += factor * row.quad[q].w;
    }
}

/* A lane's share of the dot product. */
template <unsigned Q> __device__ float dot_share(const row_part<Q> &a, const row_part<Q> &b)
{
    float sum = 0.0f;
    for (unsigned q = 0; q < Q; q++)
        sum += a.quad[q].x * b.quad[q].x + a.quad[q].y * b.quad[q].y +
               a.quad[q].z * b.quad[q].z + a.quad[q].w * b.quad[q].w;
    return sum;
}

__device__ float sum_over_warp(float share)
{
    for (unsigned distance = LANES_IN_WARP / 2; distance > 0; distance /= 2)
        share += __shfl_xor_sync(EVERY_LANE, share, distance);
    return share;
}

/* ---- Adam on a row, by a warp ---- */

__device__ void adam_move(float &p, float &m, float &v, float g, const adam_step &a)
{
    m = m * a.shrink_m + g * a.rate_m;
    v = v * a.shrink_v + g * g * a.rate_v;
    p -= a.scale * m / (sqrtf(v) + a.epsilon);
}

__device__ void adam_skip(float &p, float &m, float &v, const adam_rest &a)
{
    p -= a.scale * m / (sqrtf(v) + a.epsilon);
    m *= a.shrink_m;
    v *= a.shrink_v;
}

/* A lane's part of a row with its moments. */
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
__device__ void store_state(float4 *row, const state_part<Q> &s, uint32_t quads, unsigned lane)
{
    store_row<Q>(row, s.p, quads, lane);
    store_row<Q>(row + quads, s.m, quads, lane);
    store_row<Q>(row + 2 * quads, s.v, quads, lane);
}

/* Calls change(p, m, v, g) for each number of a row that this lane has. */
template <unsigned Q, class F>
__device__ void change_state(state_part<Q> &s, const row_part<Q> &g, F change)
{
    for (unsigned q = 0; q < Q; q++) {
        change(s.p.quad[q].x, s.m.quad[q].x, s.v.quad[q].x, g.quad[q].x);
        change(s.p.quad[q].y, s.m.quad[q].y, s.v.quad[q].y, g.quad[q].y);
        change(s.p.quad[q].z, s.m.quad[q].z, s.v.quad[q].z, g.quad[q].z);
        change(s.p.quad[q].w, s.m.quad[q].w, s.v.quad[q].w, g.quad[q].w);
    }
}

/* What a step does to every row that has a gradient. */
struct update_rule {
    enum optimizer optimizer;
    float rate;    /* of gradient descent */
    adam_step adam;
};

__device__ update_rule update_rule_at(const model &m, uint64_t step)
{
    update_rule rule = {m.optimizer, sgd_rate(m.lr, step - 1, m.steps), adam_step()};
    if (m.optimizer == OPTIMIZER_ADAM)
        rule.adam = adam_step_at(&m.adam, step);
    return rule;
}

/* Takes a row and its moments from the state after step `from`, 1 or later, to that after step `to`. */
template <unsigned Q>
__device__ void advance_state(const model &model, state_part<Q> &s, uint64_t from, uint64_t to)
{
    if (from == to)
        return;
    adam_rest rest = adam_rest_after(&model.adam, from, to);
    change_state<Q>(s, zero_row<Q>(),
                    [&](float &p, float &m, float &v, float) { adam_skip(p, m, v, rest); });
}

/* The same where it stands. */
template <unsigned Q>
__device__ void advance(const model &model, float4 *row, uint64_t from, uint64_t to, unsigned lane)
{
    if (from == 0) /* never had a gradient: its moments are zero, and nothing moves it */
        return;
    state_part<Q> s = load_state<Q>(row, model.quads, lane);
    advance_state<Q>(model, s, from, to);
    store_state<Q>(row, s, model.quads, lane);
}

/* The weights of row `id` as they are after step `to`; what stands in the table stays. */
template <unsigned Q>
__device__ row_part<Q> load_row_after(const model &model, const table &t, uint32_t id, uint64_t to,
                                      unsigned lane)
{
    const float4 *row = t.rows + (size_t)id * model.apart;
    uint64_t from = model.optimizer == OPTIMIZER_ADAM ? t.step[id] : 0;
    if (from == 0 || from == to)
        return load_row<Q>(row, model.quads, lane);
    state_part<Q> s = load_state<Q>(row, model.quads, lane);
    advance_state<Q>(model, s, from, to);
    return s.p;
}

/* The same for a row of a table. */
template <unsigned Q>
__device__ void catch_up(const model &model, const table &t, uint32_t id, uint64_t to,
                         unsigned lane)
{
    uint64_t from = t.step[id];
    if (from == to)
        return;
    __syncwarp();
    if (lane == 0)
        t.step[id] = to;
    advance<Q>(model, t.rows + (size_t)id * model.apart, from, to, lane);
}

/* ---- phase 1 ---- */

struct word_loss {
    float loss, coefficient;
};

/* As in lib/train/kernels.c: log(1 + exp(x)) − y x, and scale · (σ(x) − y). */
__device__ word_loss differentiate(float x, float label, float scale)
{
    float e = expf(-fabsf(x));
    float sigma = (x < 0.0f ? e : 1.0f) / (1.0f + e);
    return {fmaxf(x, 0.0f) - label * x + log1pf(e), (sigma - label) * scale};
}

/* A warp's words of an example: every WARPS-th. Adds to its share of gradient and loss. */
template <unsigned Q>
__device__ void take_words(const train_task &t, uint32_t example, const row_part<Q> &centre,
                           unsigned warp, unsigned lane, row_part<Q> &gradient, float &loss)
{
    const group &g = t.g;
    uint32_t quads = t.m.quads, start = g.first[example], end = g.first[example + 1];
    uint32_t contexts_end = start + g.contexts[example];
    float scale = t.m.optimizer == OPTIMIZER_ADAM ? 1.0f / (float)(end - start) : 1.0f;
    for (uint32_t base = start + warp; base < end; base += WARPS * WORDS_AT_ONCE) {
        row_part<Q> row[WORDS_AT_ONCE];
        for (unsigned i = 0; i < WORDS_AT_ONCE; i++) {
            uint32_t e = base + i * WARPS;
            row[i] = e < end ? load_row<Q>(t.m.context.rows + (size_t)g.word[e] * t.m.apart, quads,
                                           lane)
                             : zero_row<Q>();
        }
        for (unsigned i = 0; i < WORDS_AT_ONCE; i++) {
            uint32_t e = base + i * WARPS;
            if (e >= end)
                break;
            float x = sum_over_warp(dot_share<Q>(centre, row[i]));
            word_loss w = differentiate(x, e < contexts_end ? 1.0f : 0.0f, scale);
            loss += w.loss;
            add_scaled<Q>(gradient, w.coefficient, row[i]);
            if (lane == 0)
                g.coefficient[e] = w.coefficient;
        }
    }
}

/* One example by the block. `partial` is shared memory for WARPS rows, `losses` for WARPS numbers. */
template <unsigned Q>
__device__ void take_example(const train_task &t, uint32_t example, uint32_t place,
                             float4 *partial, float *losses)
{
    const group &g = t.g;
    uint32_t quads = t.m.quads;
    unsigned warp = threadIdx.x / LANES_IN_WARP, lane = threadIdx.x % LANES_IN_WARP;
    row_part<Q> centre =
        load_row<Q>(t.m.centre.rows + (size_t)g.centre[example] * t.m.apart, quads, lane);
    row_part<Q> gradient = zero_row<Q>();
    float loss = 0.0f;
    take_words<Q>(t, example, centre, warp, lane, gradient, loss);
    store_row<Q>(partial + warp * quads, gradient, quads, lane);
    if (lane == 0)
        losses[warp] = loss;
    if (warp == 0)
        store_row<Q>(g.centre_copy + (size_t)place * quads, centre, quads, lane);
    __syncthreads();
    for (uint32_t q = threadIdx.x; q < quads; q += BLOCK) {
        float4 sum = partial[q];
        for (unsigned w = 1; w < WARPS; w++) {
            float4 more = partial[w * quads + q];
            sum = make_float4(sum.x + more.x, sum.y + more.y, sum.z + more.z, sum.w + more.w);
        }
        g.gradient[(size_t)place * quads + q] = sum;
    }
    if (threadIdx.x == 0) {
        float sum = losses[0];
        for (unsigned w = 1; w < WARPS; w++)
            sum += losses[w];
        g.loss[example] = sum / (float)(g.first[example + 1] - g.first[example]);
    }
    __syncthreads();
}

/* ---- phase 2 ---- */

/* The rows of one matrix that a minibatch touches, and where their gradients come from: entry e adds
 * coefficient[e] (1 where null) times row source[e or its owner, less first_example]. */
struct row_work {
    table to;
    row_segments segments;
    const float4 *source;
    const float *coefficient;
    const uint32_t *owner;
    uint32_t first_example;
};

/* Adds up to 32 entries from `start` on, in their order. */
template <unsigned Q>
__device__ void add_entries(const row_work &w, uint32_t quads, uint32_t start, uint32_t end,
                            unsigned lane, row_part<Q> &sum)
{
    uint32_t n = end - start < LANES_IN_WARP ? end - start : LANES_IN_WARP, mine_source = 0;
    float mine_factor = 0.0f;
    if (lane < n) {
        uint32_t e = w.segments.entry[start + lane];
        mine_source = (w.owner ? w.owner[e] : e) - w.first_example;
        mine_factor = w.coefficient ? w.coefficient[e] : 1.0f;
    }
#pragma unroll 4
    for (uint32_t i = 0; i < n; i++) {
        uint32_t source = __shfl_sync(EVERY_LANE, mine_source, (int)i);
        float factor = __shfl_sync(EVERY_LANE, mine_factor, (int)i);
        add_scaled<Q>(sum, factor, load_row<Q>(w.source + (size_t)source * quads, quads, lane));
    }
}

template <unsigned Q>
__device__ void step_row(const model &model, const row_work &w, uint32_t segment,
                         const row_part<Q> &gradient, uint64_t step, const update_rule &rule,
                         unsigned lane)
{
    uint32_t id = w.segments.row[segment];
    float4 *row = w.to.rows + (size_t)id * model.apart;
    if (rule.optimizer == OPTIMIZER_SGD) {
        row_part<Q> weights = load_row<Q>(row, model.quads, lane);
        add_scaled<Q>(weights, -rule.rate, gradient);
        store_row<Q>(row, weights, model.quads, lane);
        return;
    }
    state_part<Q> s = load_state<Q>(row, model.quads, lane);
    change_state<Q>(s, gradient, [&](float &p, float &m, float &v, float g) {
        adam_move(p, m, v, g, rule.adam);
    });
    store_state<Q>(row, s, model.quads, lane);
    if (lane == 0)
        w.to.step[id] = step;
}

/* A row with many entries, by the block: the warps take 32 entries in turn. */
template <unsigned Q>
__device__ void step_long_row(const model &model, const row_work &w, uint32_t segment,
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
            add_scaled<Q>(sum, 1.0f,
                          load_row<Q>(partial + other * model.quads, model.quads, lane));
        step_row<Q>(model, w, segment, sum, step, rule, lane);
    }
    __syncthreads();
}

/* Updates the rows of minibatch `batch` that this block has. Rows are dealt out one to each block in
 * turn: the most frequent ones, which have most entries, stand first. */
template <unsigned Q>
__device__ void update_rows(const model &model, const row_work &w, uint32_t batch, uint64_t step,
                            float4 *partial, uint32_t *long_row)
{
    unsigned warp = threadIdx.x / LANES_IN_WARP, lane = threadIdx.x % LANES_IN_WARP;
    uint32_t start = w.segments.batch_segment[batch], end = w.segments.batch_segment[batch + 1];
    update_rule rule = update_rule_at(model, step);
    for (uint32_t base = start; base < end; base += gridDim.x * WARPS) {
        uint32_t segment = base + warp * gridDim.x + blockIdx.x;
        bool mine = segment < end;
        uint32_t first = mine ? w.segments.first[segment] : 0;
        uint32_t last = mine ? w.segments.first[segment + 1] : 0;
        bool is_long = last - first > LANES_IN_WARP;
        if (lane == 0)
            long_row[warp] = is_long ? segment : UINT32_MAX;
        if (mine && !is_long) {
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

/* Brings the rows of minibatch `batch` to the state after step `to`; with `all` also those that the
 * minibatch before touches, which else are up to date, or being updated. */
template <unsigned Q>
__device__ void rest_rows(const model &model, const table &t, const row_segments &segments,
                          uint32_t batch, bool all, uint64_t to)
{
    unsigned warp = threadIdx.x / LANES_IN_WARP, lane = threadIdx.x % LANES_IN_WARP;
    uint32_t start = segments.batch_segment[batch], end = segments.batch_segment[batch + 1];
    if (model.optimizer == OPTIMIZER_SGD) /* a row without a gradient stays as it is */
        return;
    for (uint32_t s = start + blockIdx.x * WARPS + warp; s < end; s += gridDim.x * WARPS)
        if (all || segments.rested[s])
            catch_up<Q>(model, t, segments.row[s], to, lane);
}

/* The sum of a minibatch's losses, by one warp, always in the same order. */
__device__ void sum_losses(const group &g, uint32_t batch, unsigned lane)
{
    double sum = 0;
    for (uint32_t i = g.batch_first[batch] + lane; i < g.batch_first[batch + 1]; i += LANES_IN_WARP)
        sum += g.loss[i];
    for (unsigned distance = LANES_IN_WARP / 2; distance > 0; distance /= 2)
        sum += __shfl_xor_sync(EVERY_LANE, sum, distance);
    if (lane == 0)
        g.batch_loss[batch] = sum;
}

/* ---- kernels ---- */

template <unsigned Q> __global__ void __launch_bounds__(BLOCK) train_group(train_task t)
{
    auto grid = cooperative_groups::this_grid();
    float4 *partial = shared_memory<float4>();
    float *losses = (float *)(partial + WARPS * t.m.quads);
    uint32_t *long_row = (uint32_t *)(losses + WARPS);
    const group &g = t.g;

    rest_rows<Q>(t.m, t.m.context, g.context_rows, 0, true, g.steps);
    rest_rows<Q>(t.m, t.m.centre, g.centre_rows, 0, true, g.steps);
    grid.sync();
    for (uint32_t batch = 0; batch < g.batches; batch++) {
        uint32_t first = g.batch_first[batch], end = g.batch_first[batch + 1];
        for (uint32_t i = first + blockIdx.x; i < end; i += gridDim.x)
            take_example<Q>(t, i, i - first, partial, losses);
        grid.sync();

        uint64_t step = g.steps + batch + 1;
        row_work u = {t.m.context, g.context_rows, g.centre_copy, g.coefficient, g.owner, first};
        row_work v = {t.m.centre, g.centre_rows, g.gradient, nullptr, nullptr, first};
        update_rows<Q>(t.m, u, batch, step, partial, long_row);
        update_rows<Q>(t.m, v, batch, step, partial, long_row);
        if (batch + 1 < g.batches) {
            rest_rows<Q>(t.m, t.m.context, g.context_rows, batch + 1, false, step);
            rest_rows<Q>(t.m, t.m.centre, g.centre_rows, batch + 1, false, step);
        }
        if (blockIdx.x == gridDim.x - 1 && threadIdx.x < LANES_IN_WARP)
            sum_losses(g, batch, threadIdx.x);
        grid.sync();
    }
}

/* The losses of a group's examples, a warp each, by the model as it is after g.steps; nothing else is
 * written. */
template <unsigned Q> __global__ void __launch_bounds__(BLOCK) evaluate_group(train_task t)
{
    const group &g = t.g;
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

struct owner_task {
    const uint32_t *first;
    uint32_t examples;
    uint32_t *owner;
};

__global__ void fill_owners(owner_task t)
{
    uint32_t i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < t.examples)
        for (uint32_t e = t.first[i]; e < t.first[i + 1]; e++)
            t.owner[e] = i;
}

struct collect_task {
    model m;
    table from;
    uint32_t first, count;
    uint64_t step; /* the rows are wanted as they are after it, 0: as they stand */
    float4 *out;   /* (count, apart) */
};

/* Copies rows with their moments, a warp each; what stands in the table stays. */
template <unsigned Q> __global__ void __launch_bounds__(BLOCK) collect(collect_task t)
{
    unsigned lane = threadIdx.x % LANES_IN_WARP;
    uint32_t i = blockIdx.x * WARPS + threadIdx.x / LANES_IN_WARP, quads = t.m.quads;
    if (i >= t.count)
        return;
    uint32_t id = t.first + i;
    float4 *out = t.out + (size_t)i * t.m.apart;
    const float4 *row = t.from.rows + (size_t)id * t.m.apart;
    for (uint32_t part = 0; part < t.m.apart; part += quads)
        store_row<Q>(out + part, load_row<Q>(row + part, quads, lane), quads, lane);
    if (t.step > 0 && t.from.step[id] < t.step)
        advance<Q>(t.m, out, t.from.step[id], t.step, lane);
}

/* ---- host ---- */

/* The kernels for one number of float4 a lane. */
struct variant {
    void (*train_group)(train_task);
    void (*evaluate_group)(train_task);
    void (*collect)(collect_task);
};

variant variant_for(uint32_t quads)
{
    if (quads <= 1 * LANES_IN_WARP)
        return {train_group<1>, evaluate_group<1>, collect<1>};
    if (quads <= 2 * LANES_IN_WARP)
        return {train_group<2>, evaluate_group<2>, collect<2>};
    if (quads <= 4 * LANES_IN_WARP)
        return {train_group<4>, evaluate_group<4>, collect<4>};
    return {train_group<8>, evaluate_group<8>, collect<8>};
}

/* A place for a prepared group: what the host staged, and its copy and index on the device. */
struct slot_buffers {
    pinned_array<uint32_t> staged; /* batch_first, centre, contexts, first, word, one behind another */
    device_array<uint32_t> sent, owner;
    device_array<float> coefficient, loss;
    device_array<float4> rows; /* of the largest minibatch: centre_copy, then gradient */
    device_array<double> batch_loss;
    pinned_array<double> batch_loss_read;
    pinned_array<float> loss_read; /* of evaluations */
    device_row_index context_rows, centre_rows;
    cudaEvent_t ready;
    group g;
};

struct trainer_cuda {
    struct trainer base;
    uint32_t words, dim, quads;
    model m;
    variant kernels;
    unsigned blocks;
    size_t shared_bytes;
    cudaStream_t feed, train; /* copies and indexing; the steps */
    slot_buffers slot[TRAINER_SLOTS];
    uint64_t steps;
    bool slots_checked;
    bool failed; /* the context is not to be used any more */
};

trainer_cuda *from_base(struct trainer *trainer)
{
    return reinterpret_cast<trainer_cuda *>(trainer);
}

/* Remembers a failure, after which read_back refuses: nothing is saved from a broken context. */
int outcome(trainer_cuda *t, int result)
{
    t->failed = t->failed || result < 0;
    return result;
}

void destroy(struct trainer *trainer)
{
    trainer_cuda *t = from_base(trainer);
    for (slot_buffers &s : t->slot) {
        s.staged.release();
        s.sent.release();
        s.owner.release();
        s.coefficient.release();
        s.loss.release();
        s.rows.release();
        s.batch_loss.release();
        s.batch_loss_read.release();
        s.loss_read.release();
        s.context_rows.release();
        s.centre_rows.release();
        if (s.ready)
            cudaEventDestroy(s.ready);
    }
    if (t->feed)
        cudaStreamDestroy(t->feed);
    if (t->train)
        cudaStreamDestroy(t->train);
    cudaFree(t->m.centre.rows);
    cudaFree(t->m.centre.step);
    cudaFree(t->m.context.rows);
    cudaFree(t->m.context.step);
    cudaFree(t->m.adam.table);
    delete t;
}

/* ---- prepare ---- */

struct group_size {
    size_t examples, words, largest; /* largest: examples of the largest minibatch */
};

group_size measure(const struct minibatch *batch, unsigned count)
{
    group_size size = {0, 0, 0};
    for (unsigned b = 0; b < count; b++) {
        size.examples += batch[b].examples;
        size.words += minibatch_words(&batch[b]);
        if (batch[b].examples > size.largest)
            size.largest = batch[b].examples;
    }
    return size;
}

/* Copies the group into page-locked memory as the five arrays of `group`, numbered through. */
void stage(uint32_t *to, const group_size &size, const struct minibatch *batch, unsigned count)
{
    uint32_t *batch_first = to, *centre = batch_first + count + 1, *contexts = centre + size.examples,
             *first = contexts + size.examples, *word = first + size.examples + 1;
    uint32_t examples = 0, words = 0;
    for (unsigned b = 0; b < count; b++) {
        const struct minibatch *m = &batch[b];
        batch_first[b] = examples;
        memcpy(centre + examples, m->centre, m->examples * sizeof *centre);
        memcpy(contexts + examples, m->contexts, m->examples * sizeof *contexts);
        memcpy(word + words, m->word, minibatch_words(m) * sizeof *word);
        for (uint32_t i = 0; i < m->examples; i++)
            first[examples + i] = words + m->first[i];
        examples += m->examples;
        words += minibatch_words(m);
    }
    batch_first[count] = examples;
    first[examples] = words;
}

/* Before the first group: whether all slots will have room for such ones. What a later, larger one
 * lacks, its allocation tells. */
int check_slots(trainer_cuda *t, const group_size &size, struct error *err)
{
    size_t free_bytes, all_bytes;
    if (t->slots_checked)
        return 0;
    t->slots_checked = true;
    if (cuda_check(cudaMemGetInfo(&free_bytes, &all_bytes), "asking for its memory", err) < 0)
        return -1;
    /* Of a word and of an example: sent, owner, coefficient, loss, and their share of the index. */
    double each = 4 * sizeof(uint32_t) + (double)device_row_index::ENTRY_BYTES;
    double wanted = TRAINER_SLOTS * (each * (double)(size.words + size.examples) +
                                     2.0 * size.largest * t->quads * sizeof(float4));
    if (wanted > (double)free_bytes)
        return error_set(err, STATUS_DEVICE,
                         "GPU: the minibatches need %.0f MB, %.0f MB are free beside the model; use "
                         "another device, smaller minibatches, or --device=cpu",
                         wanted / 1e6, (double)free_bytes / 1e6);
    return 0;
}

int reserve_slot(trainer_cuda *t, slot_buffers &s, const group_size &size, unsigned count,
                 struct error *err)
{
    const char *what = "memory for minibatches";
    size_t numbers = count + 1 + 3 * size.examples + 1 + size.words;
    return s.staged.reserve(numbers, what, err) < 0 || s.sent.reserve(numbers, what, err) < 0 ||
                   s.owner.reserve(size.words, what, err) < 0 ||
                   s.coefficient.reserve(size.words, what, err) < 0 ||
                   s.loss.reserve(size.examples, what, err) < 0 ||
                   s.rows.reserve(2 * size.largest * t->quads, what, err) < 0 ||
                   s.batch_loss.reserve(count, what, err) < 0 ||
                   s.batch_loss_read.reserve(count, what, err) < 0
               ? -1
               : 0;
}

int send(trainer_cuda *t, slot_buffers &s, const group_size &size, unsigned count,
         struct error *err)
{
    group &g = s.g;
    size_t numbers = count + 1 + 3 * size.examples + 1 + size.words;
    g.batches = count;
    g.batch_first = s.sent.data;
    g.centre = g.batch_first + count + 1;
    g.contexts = g.centre + size.examples;
    g.first = g.contexts + size.examples;
    g.word = g.first + size.examples + 1;
    g.owner = s.owner.data;
    g.coefficient = s.coefficient.data;
    g.centre_copy = s.rows.data;
    g.gradient = s.rows.data + size.largest * t->quads;
    g.loss = s.loss.data;
    g.batch_loss = s.batch_loss.data;

    uint32_t examples = (uint32_t)size.examples, words = (uint32_t)size.words;
    owner_task owners = {g.first, examples, s.owner.data};
    if (cuda_check(cudaMemcpyAsync(s.sent.data, s.staged.data, numbers * sizeof *s.sent.data,
                                   cudaMemcpyHostToDevice, t->feed),
                   "sending minibatches", err) < 0 ||
        cuda_launch(fill_owners, owners, size.examples, t->feed, "indexing minibatches", err) < 0 ||
        s.context_rows.build(g.word, g.owner, words, g.batch_first, count, t->words, t->feed, err) <
            0 ||
        s.centre_rows.build(g.centre, nullptr, examples, g.batch_first, count, t->words, t->feed,
                            err) < 0)
        return -1;
    g.context_rows = s.context_rows.segments();
    g.centre_rows = s.centre_rows.segments();
    return cuda_check(cudaEventRecord(s.ready, t->feed), "sending minibatches", err);
}

int prepare(struct trainer *trainer, unsigned slot, const struct minibatch *batch, unsigned count,
            struct error *err)
{
    trainer_cuda *t = from_base(trainer);
    slot_buffers &s = t->slot[slot];
    group_size size = measure(batch, count);
    if (size.words >= UINT32_MAX)
        return error_set(err, STATUS_DEVICE,
                         "GPU: %u minibatches of %zu words are too many; use --device=cpu", count,
                         size.words);
    if (check_slots(t, size, err) < 0 || reserve_slot(t, s, size, count, err) < 0)
        return outcome(t, -1);
    stage(s.staged.data, size, batch, count);
    return outcome(t, send(t, s, size, count, err));
}

/* ---- step ---- */

int launch_training(trainer_cuda *t, slot_buffers &s, struct error *err)
{
    train_task task = {t->m, s.g};
    void *arguments[] = {&task};
    return cuda_check(cudaStreamWaitEvent(t->train, s.ready, 0), "training", err) < 0 ||
                   cuda_check(cudaLaunchCooperativeKernel(t->kernels.train_group, dim3(t->blocks),
                                                          dim3(BLOCK), arguments, t->shared_bytes,
                                                          t->train),
                              "training", err) < 0 ||
                   cuda_check(cudaMemcpyAsync(s.batch_loss_read.data, s.batch_loss.data,
                                              s.g.batches * sizeof(double), cudaMemcpyDeviceToHost,
                                              t->train),
                              "training", err) < 0
               ? -1
               : 0;
}

int step(struct trainer *trainer, unsigned slot, const struct beside *beside, double *loss,
         struct error *err)
{
    trainer_cuda *t = from_base(trainer);
    slot_buffers &s = t->slot[slot];
    s.g.steps = t->steps;
    if (launch_training(t, s, err) < 0)
        return outcome(t, -1);
    if (beside)
        beside->function(beside->data);
    if (cuda_check(cudaStreamSynchronize(t->train), "training", err) < 0)
        return outcome(t, -1);
    t->steps += s.g.batches;
    for (uint32_t b = 0; b < s.g.batches; b++)
        loss[b] = s.batch_loss_read.data[b];
    return 0;
}

/* The examples' losses are summed here, minibatch by minibatch, in their order. */
int evaluate(struct trainer *trainer, unsigned slot, double *loss, struct error *err)
{
    const char *what = "evaluating";
    trainer_cuda *t = from_base(trainer);
    slot_buffers &s = t->slot[slot];
    const uint32_t *batch_first = s.staged.data; /* the first array of those that were sent */
    size_t examples = batch_first[s.g.batches];
    s.g.steps = t->steps;
    train_task task = {t->m, s.g};
    if (s.loss_read.reserve(examples, "memory for minibatches", err) < 0 ||
        cuda_check(cudaStreamWaitEvent(t->train, s.ready, 0), what, err) < 0 ||
        cuda_launch(t->kernels.evaluate_group, task, examples * LANES_IN_WARP, t->train, what, err) <
            0 ||
        cuda_check(cudaMemcpyAsync(s.loss_read.data, s.loss.data, examples * sizeof(float),
                                   cudaMemcpyDeviceToHost, t->train),
                   what, err) < 0 ||
        cuda_check(cudaStreamSynchronize(t->train), what, err) < 0)
        return outcome(t, -1);
    for (uint32_t b = 0; b < s.g.batches; b++) {
        loss[b] = 0;
        for (uint32_t i = batch_first[b]; i < batch_first[b + 1]; i++)
            loss[b] += s.loss_read.data[i];
    }
    return 0;
}

/* ---- results ---- */

/* Rows of a table with their moments into `out` (count × 4 · apart), as they are after `step`, 0: as
 * they stand. */
int collect_rows(trainer_cuda *t, const table &from, uint32_t first, uint32_t count, uint64_t step,
                 pinned_array<float> &out, struct error *err)
{
    const char *what = "reading vectors back";
    size_t quads = (size_t)count * t->m.apart;
    device_array<float4> collected;
    int result = t->failed ? error_set(err, STATUS_DEVICE, "GPU: lost; its vectors cannot be saved")
                           : 0;
    if (result == 0 && (collected.reserve(quads, what, err) < 0 || out.reserve(4 * quads, what, err) < 0))
        result = -1;
    collect_task task = {t->m, from, first, count, step, collected.data};
    if (result == 0 &&
        (cuda_launch(t->kernels.collect, task, (size_t)count * LANES_IN_WARP, t->train, what, err) <
             0 ||
         cuda_check(cudaMemcpyAsync(out.data, collected.data, quads * sizeof(float4),
                                    cudaMemcpyDeviceToHost, t->train),
                    what, err) < 0 ||
         cuda_check(cudaStreamSynchronize(t->train), what, err) < 0))
        result = -1;
    collected.release();
    return outcome(t, result);
}

int read_back(struct trainer *trainer, uint32_t first, uint32_t count, float *rows,
              struct error *err)
{
    trainer_cuda *t = from_base(trainer);
    pinned_array<float> out;
    uint64_t step = t->m.optimizer == OPTIMIZER_ADAM ? t->steps : 0;
    int result = collect_rows(t, t->m.centre, first, count, step, out, err);
    for (uint32_t i = 0; i < count && result == 0; i++)
        memcpy(rows + (size_t)i * t->dim, out.data + (size_t)i * 4 * t->m.apart,
               t->dim * sizeof *rows);
    out.release();
    return result;
}

const table &table_of(const trainer_cuda *t, enum weights matrix)
{
    return matrix == WEIGHTS_CENTRE ? t->m.centre : t->m.context;
}

int save(struct trainer *trainer, enum weights matrix, uint32_t first, uint32_t count,
         uint64_t *step, float *number, struct error *err)
{
    trainer_cuda *t = from_base(trainer);
    const table &from = table_of(t, matrix);
    pinned_array<float> out;
    size_t parts = t->m.apart / t->quads;
    int result = collect_rows(t, from, first, count, 0, out, err);
    if (result == 0)
        result = outcome(t, cuda_check(cudaMemcpy(step, from.step + first, count * sizeof *step,
                                                  cudaMemcpyDeviceToHost),
                                       "reading vectors back", err));
    for (size_t i = 0; i < count * parts && result == 0; i++)
        memcpy(number + i * t->dim, out.data + i * 4 * t->quads, t->dim * sizeof *number);
    out.release();
    return result;
}

int restore(struct trainer *trainer, enum weights matrix, uint32_t first, uint32_t count,
            const uint64_t *step, const float *number, struct error *err)
{
    const char *what = "taking up a checkpoint";
    trainer_cuda *t = from_base(trainer);
    const table &to = table_of(t, matrix);
    size_t parts = t->m.apart / t->quads, floats = 4 * (size_t)t->m.apart * count;
    pinned_array<float> staged;
    int result = staged.reserve(floats, what, err);
    if (result == 0)
        memset(staged.data, 0, floats * sizeof(float));
    for (size_t i = 0; i < count * parts && result == 0; i++)
        memcpy(staged.data + i * 4 * t->quads, number + i * t->dim, t->dim * sizeof *number);
    if (result == 0 &&
        (cuda_check(cudaMemcpy(to.rows + (size_t)first * t->m.apart, staged.data,
                               floats * sizeof(float), cudaMemcpyHostToDevice),
                    what, err) < 0 ||
         cuda_check(cudaMemcpy(to.step + first, step, count * sizeof *step, cudaMemcpyHostToDevice),
                    what, err) < 0 ||
         cuda_check(cudaDeviceSynchronize(), what, err) < 0)) /* before training's own stream */
        result = -1;
    staged.release();
    return outcome(t, result);
}

void resume(struct trainer *trainer, uint64_t steps)
{
    from_base(trainer)->steps = steps;
}

/* ---- create ---- */

/* The first weights of V (WEIGHTS_CENTRE) or U (WEIGHTS_CONTEXT), with moments of zero. */
int create_table(trainer_cuda *t, table *table, enum weights matrix, const struct xavier *xavier,
                 struct error *err)
{
    const char *what = "memory for the model";
    const uint32_t at_once = 1024;
    size_t row = 4 * (size_t)t->m.apart, bytes = row * sizeof(float);
    if (cuda_check(cudaMalloc((void **)&table->rows, t->words * bytes), what, err) < 0 ||
        cuda_check(cudaMalloc((void **)&table->step, t->words * sizeof *table->step), what, err) <
            0 ||
        cuda_check(cudaMemset(table->step, 0, t->words * sizeof *table->step), what, err) < 0)
        return -1;
    float *staged = (float *)malloc(at_once * bytes);
    if (!staged)
        return error_set(err, STATUS_FAILED, "out of memory: %.3g MB wanted", at_once * bytes / 1e6);
    int result = 0;
    for (uint32_t id = 0, n; id < t->words && result == 0; id += n) {
        n = t->words - id < at_once ? t->words - id : at_once;
        memset(staged, 0, n * bytes);
        for (uint32_t i = 0; i < n; i++)
            xavier_fill(xavier, matrix, (uint64_t)(id + i) * t->dim, staged + i * row, t->dim);
        result = cuda_check(cudaMemcpy((char *)table->rows + id * bytes, staged, n * bytes,
                                       cudaMemcpyHostToDevice),
                            what, err);
    }
    free(staged);
    return result;
}

int create_adam(trainer_cuda *t, double lr, struct error *err)
{
    struct adam host;
    if (adam_init(&host, lr, err) < 0)
        return -1;
    t->m.adam = host;
    t->m.adam.table = nullptr;
    size_t bytes = ADAM_TABLE * sizeof *host.table;
    int result =
        cuda_check(cudaMalloc((void **)&t->m.adam.table, bytes), "memory for the model", err);
    if (result == 0)
        result = cuda_check(cudaMemcpy(t->m.adam.table, host.table, bytes, cudaMemcpyHostToDevice),
                            "memory for the model", err);
    adam_release(&host);
    return result;
}

int check_memory(const trainer_cuda *t, struct error *err)
{
    size_t free_bytes, all_bytes;
    if (cuda_check(cudaMemGetInfo(&free_bytes, &all_bytes), "asking for its memory", err) < 0)
        return -1;
    double wanted = 2.0 * t->words * (4.0 * t->m.apart * sizeof(float) + sizeof(uint64_t)) +
                    ADAM_TABLE * sizeof(double);
    if (wanted > (double)free_bytes)
        return error_set(err, STATUS_DEVICE,
                         "GPU: the model needs %.0f MB, %.0f MB are free; use another device, a "
                         "smaller --dim, or --device=cpu",
                         wanted / 1e6, (double)free_bytes / 1e6);
    return 0;
}

/* As many blocks as run at once, or as a minibatch has examples. */
int plan_grid(trainer_cuda *t, int device, uint32_t batch_size, struct error *err)
{
    const char *what = "planning the kernel";
    int processors = 0, blocks_each = 0;
    t->kernels = variant_for(t->quads);
    t->shared_bytes = WARPS * (t->quads * sizeof(float4) + sizeof(float) + sizeof(uint32_t));
    if (cuda_check(cudaFuncSetAttribute(t->kernels.train_group,
                                        cudaFuncAttributeMaxDynamicSharedMemorySize,
                                        (int)t->shared_bytes),
                   what, err) < 0 ||
        cuda_check(cudaDeviceGetAttribute(&processors, cudaDevAttrMultiProcessorCount, device), what,
                   err) < 0 ||
        cuda_check(cudaOccupancyMaxActiveBlocksPerMultiprocessor(
                       &blocks_each, t->kernels.train_group, (int)BLOCK, t->shared_bytes),
                   what, err) < 0)
        return -1;
    unsigned most = (unsigned)(processors * blocks_each);
    if (most == 0)
        return error_set(err, STATUS_DEVICE, "GPU: too small for vectors of %u dimensions",
                         (unsigned)t->dim);
    t->blocks = batch_size < most ? batch_size : most;
    return 0;
}

int create(trainer_cuda *t, int device, const struct trainer_config *config, struct error *err)
{
    const char *what = "starting";
    struct xavier xavier = xavier_init(t->words, t->dim, config->seed);
    t->m.quads = t->quads;
    t->m.apart = trainer_parts(config->optimizer) * t->quads;
    t->m.optimizer = config->optimizer;
    t->m.lr = config->lr;
    t->m.steps = config->steps;
    if (cuda_check(cudaSetDevice(device), what, err) < 0 || check_memory(t, err) < 0 ||
        plan_grid(t, device, config->batch_size, err) < 0 ||
        cuda_check(cudaStreamCreateWithFlags(&t->feed, cudaStreamNonBlocking), what, err) < 0 ||
        cuda_check(cudaStreamCreateWithFlags(&t->train, cudaStreamNonBlocking), what, err) < 0)
        return -1;
    for (slot_buffers &s : t->slot)
        if (cuda_check(cudaEventCreateWithFlags(&s.ready, cudaEventDisableTiming), what, err) < 0)
            return -1;
    return create_adam(t, config->lr, err) < 0 ||
                   create_table(t, &t->m.centre, WEIGHTS_CENTRE, &xavier, err) < 0 ||
                   create_table(t, &t->m.context, WEIGHTS_CONTEXT, &xavier, err) < 0 ||
                   cuda_check(cudaDeviceSynchronize(), what, err) < 0
               ? -1
               : 0;
}

const struct trainer_methods methods = {prepare, step,    evaluate, read_back,
                                        save,    restore, resume,   destroy};

} // namespace

struct trainer *cuda_trainer_create(int device, const struct trainer_config *config,
                                    struct error *err)
{
    if (config->dim > DIM_LARGEST) {
        error_set(err, STATUS_DEVICE, "GPU: at most %u dimensions; use --device=cpu",
                  (unsigned)DIM_LARGEST);
        return nullptr;
    }
    trainer_cuda *t = new (std::nothrow) trainer_cuda();
    if (!t) {
        error_set(err, STATUS_FAILED, "out of memory");
        return nullptr;
    }
    t->base.methods = &methods;
    snprintf(t->base.device, sizeof t->base.device, "cuda:%d", device);
    uint32_t group = GROUP_EXAMPLES / config->batch_size;
    t->base.group = group < 1 ? 1 : group > GROUP_BATCHES ? GROUP_BATCHES : group;
    t->base.ahead = true;
    t->words = config->words;
    t->dim = config->dim;
    t->quads = (config->dim + 3) / 4;
    if (create(t, device, config, err) < 0) {
        destroy(&t->base);
        return nullptr;
    }
    return &t->base;
}

/* SPDX-License-Identifier: MIT */
/* examples.cuh -- phase 1 of a minibatch: logits, loss and derivatives of its examples. */
#ifndef SGNS_CUDA_EXAMPLES_CUH
#define SGNS_CUDA_EXAMPLES_CUH

#include "group.cuh"

const unsigned WORDS_AT_ONCE = 4; /* rows that a warp loads together */

struct word_loss {
    float loss, coefficient;
};

/* Loss log(1 + exp(x)) − y x and coefficient scale · (σ(x) − y), as in lib/train/kernels.c. */
__device__ inline word_loss differentiate(float x, float label, float scale)
{
    float e = expf(-fabsf(x));
    float sigma = (x < 0.0f ? e : 1.0f) / (1.0f + e);
    return {fmaxf(x, 0.0f) - label * x + log1pf(e), (sigma - label) * scale};
}

/* Processes the words of an example that belong to a warp, every WARPS-th one. Adds to the warp's
 * part of gradient and loss. */
template <unsigned Q>
__device__ inline void run_words(const train_task &t, uint32_t example, const row_part<Q> &centre,
                                 unsigned warp, unsigned lane, row_part<Q> &gradient, float &loss)
{
    const minibatch_group &g = t.g;
    uint32_t quads = t.m.quads, start = g.first[example], end = g.first[example + 1];
    uint32_t contexts_end = start + g.contexts[example];
    float scale = t.m.optimizer == OPTIMIZER_ADAM ? 1.0f / (float)(end - start) : 1.0f;
    for (uint32_t base = start + warp; base < end; base += WARPS * WORDS_AT_ONCE) {
        row_part<Q> row[WORDS_AT_ONCE];
        for (unsigned i = 0; i < WORDS_AT_ONCE; i++) {
            uint32_t e = base + i * WARPS;
            row[i] = e < end ? load_row<Q>(t.m.context.rows + (size_t)g.word[e] * t.m.row_stride,
                                           quads, lane)
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

/* Processes one example by a block. `index` is its index in the minibatch. `partial` is shared
 * memory for WARPS rows, `losses` for WARPS floats. */
template <unsigned Q>
__device__ inline void run_example(const train_task &t, uint32_t example, uint32_t index,
                                   float4 *partial, float *losses)
{
    const minibatch_group &g = t.g;
    uint32_t quads = t.m.quads;
    unsigned warp = threadIdx.x / LANES_IN_WARP, lane = threadIdx.x % LANES_IN_WARP;
    row_part<Q> centre =
        load_row<Q>(t.m.centre.rows + (size_t)g.centre[example] * t.m.row_stride, quads, lane);
    row_part<Q> gradient = zero_row<Q>();
    float loss = 0.0f;
    run_words<Q>(t, example, centre, warp, lane, gradient, loss);
    store_row<Q>(partial + warp * quads, gradient, quads, lane);
    if (lane == 0)
        losses[warp] = loss;
    if (warp == 0)
        store_row<Q>(g.centre_copy + (size_t)index * quads, centre, quads, lane);
    __syncthreads();
    for (uint32_t q = threadIdx.x; q < quads; q += BLOCK) {
        float4 sum = partial[q];
        for (unsigned w = 1; w < WARPS; w++) {
            float4 more = partial[w * quads + q];
            sum = make_float4(sum.x + more.x, sum.y + more.y, sum.z + more.z, sum.w + more.w);
        }
        g.gradient[(size_t)index * quads + q] = sum;
    }
    if (threadIdx.x == 0) {
        float sum = losses[0];
        for (unsigned w = 1; w < WARPS; w++)
            sum += losses[w];
        g.loss[example] = sum / (float)(g.first[example + 1] - g.first[example]);
    }
    __syncthreads();
}

#endif

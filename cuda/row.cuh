/* SPDX-License-Identifier: MIT */
/* row.cuh -- a row of a matrix in the registers of a warp: Q float4 per lane, enough for 128 · Q
 * dimensions.
 */
#ifndef SGNS_CUDA_ROW_CUH
#define SGNS_CUDA_ROW_CUH

#include <cuda_runtime.h>

#include <cstdint>

const unsigned WARPS = 8, LANES_IN_WARP = 32,
               BLOCK = WARPS * LANES_IN_WARP; /* of training's kernels */
const unsigned EVERY_LANE = 0xffffffffu;

/* A lane's part of a row: the float4 number `lane`, and every 32nd from there on. */
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
__device__ inline void store_row(float4 *row, const row_part<Q> &part, uint32_t quads,
                                 unsigned lane)
{
    for (unsigned q = 0; q < Q; q++)
        if (lane + q * LANES_IN_WARP < quads)
            row[lane + q * LANES_IN_WARP] = part.quad[q];
}

template <unsigned Q>
__device__ inline void add_scaled(row_part<Q> &to, float factor, const row_part<Q> &row)
{
    for (unsigned q = 0; q < Q; q++) {
        to.quad[q].x += factor * row.quad[q].x;
        to.quad[q].y += factor * row.quad[q].y;
        to.quad[q].z += factor * row.quad[q].z;
        to.quad[q].w += factor * row.quad[q].w;
    }
}

/* A lane's part of the dot product. */
template <unsigned Q> __device__ float dot_share(const row_part<Q> &a, const row_part<Q> &b)
{
    float sum = 0.0f;
    for (unsigned q = 0; q < Q; q++)
        sum += a.quad[q].x * b.quad[q].x + a.quad[q].y * b.quad[q].y + a.quad[q].z * b.quad[q].z +
               a.quad[q].w * b.quad[q].w;
    return sum;
}

__device__ inline float sum_over_warp(float share)
{
    for (unsigned distance = LANES_IN_WARP / 2; distance > 0; distance /= 2)
        share += __shfl_xor_sync(EVERY_LANE, share, distance);
    return share;
}

#endif

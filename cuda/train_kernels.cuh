/* SPDX-License-Identifier: MIT */
/* train_kernels.cuh -- the kernels of training, and their parameters. */
#ifndef SGNS_CUDA_TRAIN_KERNELS_CUH
#define SGNS_CUDA_TRAIN_KERNELS_CUH

#include "group.cuh"

struct collect_task {
    device_model m;
    weight_table from;
    uint32_t first, count;
    uint64_t step; /* advance the copies to the state after this step; 0: copy them as stored */
    float4 *out;   /* (count, row_stride) */
};

struct owner_task {
    const uint32_t *first;
    uint32_t examples;
    uint32_t *owner;
};

/* Fills `owner` from `first`, one thread per example. */
__global__ void fill_owners(owner_task t);

/* The kernels for one number Q of float4 per lane (row.cuh). */
struct train_kernels {
    void (*train_group)(train_task);
    void (*evaluate_group)(train_task);
    void (*collect)(collect_task);
};

train_kernels train_kernels_for(uint32_t quads);

#endif

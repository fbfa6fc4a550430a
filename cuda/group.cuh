/* SPDX-License-Identifier: MIT */
/* group.cuh -- a group of minibatches in device memory, as training's kernels get it. */
#ifndef SGNS_CUDA_GROUP_CUH
#define SGNS_CUDA_GROUP_CUH

#include <cstdint>

#include "model.cuh"
#include "row_index.cuh"

/* One group, in device memory. Examples and words are numbered through the group. */
struct minibatch_group {
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
    device_model m;
    minibatch_group g;
};

#endif

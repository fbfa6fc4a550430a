/* SPDX-License-Identifier: MIT */
/* group.cuh -- a group of minibatches in device memory, the input of training's kernels. */
#ifndef SGNS_CUDA_GROUP_CUH
#define SGNS_CUDA_GROUP_CUH

#include <cstdint>

#include "model.cuh"
#include "row_index.cuh"

/* All arrays are in device memory. Examples and words are numbered consecutively through the
 * group. */
struct minibatch_group {
    uint32_t batches;
    const uint32_t *batch_first;            /* (batches + 1) each minibatch's first example */
    const uint32_t *centre;                 /* (examples) ids */
    const uint32_t *contexts;               /* (examples) number of context words */
    const uint32_t *first;                  /* (examples + 1) each example's first word */
    const uint32_t *word;                   /* (words of the group) ids */
    const uint32_t *owner;                  /* (words of the group) each word's example */
    row_segments context_rows, centre_rows; /* of U and V */
    uint64_t steps;                         /* done before this group */

    /* Results of phase 1, for phase 2. */
    float *coefficient;             /* (words of the group) */
    float4 *centre_copy, *gradient; /* (examples of the current minibatch, quads) */
    float *loss;                    /* (examples) */
    double *batch_loss;             /* (batches) */
};

struct train_task {
    device_model m;
    minibatch_group g;
};

#endif

/* SPDX-License-Identifier: MIT */
/* trainer.cuh -- the host's side of training on a GPU: what its three sources share. */
#ifndef SGNS_CUDA_TRAINER_CUH
#define SGNS_CUDA_TRAINER_CUH

#include "check.cuh"
#include "train_kernels.cuh"

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
    minibatch_group g;
};

struct trainer_cuda {
    struct trainer base;
    uint32_t words, dim, quads;
    device_model m;
    train_kernels kernels;
    unsigned blocks;
    size_t shared_bytes;
    cudaStream_t feed, train; /* copies and indexing; the steps */
    slot_buffers slot[TRAINER_SLOTS];
    uint64_t steps;
    bool slots_checked;
    bool failed; /* the context is not to be used any more */
};

inline trainer_cuda *from_base(struct trainer *trainer)
{
    return reinterpret_cast<trainer_cuda *>(trainer);
}

/* Remembers a failure, after which read_back refuses: nothing is saved from a broken context. */
inline int outcome(trainer_cuda *t, int result)
{
    t->failed = t->failed || result < 0;
    return result;
}

/* Of struct trainer_methods (train/trainer.h): in trainer_feed.cu */
int trainer_prepare(struct trainer *trainer, unsigned slot, const struct minibatch *batch,
                    unsigned count, struct error *err);
/* and in trainer_rows.cu. */
int trainer_read_back(struct trainer *trainer, uint32_t first, uint32_t count, float *rows,
                      struct error *err);
int trainer_save(struct trainer *trainer, enum weights matrix, uint32_t first, uint32_t count,
                 uint64_t *step, float *value, struct error *err);
int trainer_restore(struct trainer *trainer, enum weights matrix, uint32_t first, uint32_t count,
                    const uint64_t *step, const float *value, struct error *err);

#endif

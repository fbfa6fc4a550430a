/* SPDX-License-Identifier: MIT */
/* trainer.cuh -- the host side of training on a GPU: declarations shared by its three sources. */
#ifndef SGNS_CUDA_TRAINER_CUH
#define SGNS_CUDA_TRAINER_CUH

#include "check.cuh"
#include "train_kernels.cuh"

/* A slot for a prepared group: its staged copy on the host, and its copy and index on the
 * device. */
struct slot_buffers {
    pinned_array<uint32_t>
        staged; /* batch_first, centre, contexts, first, word, one after another */
    device_array<uint32_t> sent, owner;
    device_array<float> coefficient, loss;
    device_array<float4> rows; /* for the largest minibatch: centre_copy, then gradient */
    device_array<double> batch_loss;
    pinned_array<double> host_batch_loss;
    pinned_array<float> host_loss; /* for evaluation */
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
    cudaStream_t feed, train; /* for copying and indexing; for steps */
    slot_buffers slot[TRAINER_SLOTS];
    uint64_t steps;
    bool slots_checked;
    bool failed; /* the context must not be used any more */
};

inline trainer_cuda *from_base(struct trainer *trainer)
{
    return reinterpret_cast<trainer_cuda *>(trainer);
}

/* Records whether `result` is a failure, and returns it. After a failure nothing is read back:
 * vectors from a broken context must not be saved. */
inline int note_failure(trainer_cuda *t, int result)
{
    t->failed = t->failed || result < 0;
    return result;
}

/* Functions of struct trainer_methods (train/trainer.h): in trainer_feed.cu */
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

/* SPDX-License-Identifier: MIT */
/* gpu_plugin.h -- what the shared object with the CUDA backends offers to the programs.
 *
 * The programs know nothing of CUDA: lib/base/gpu.c loads sgns-cuda.so when a GPU is wanted, so that
 * they start, and work on the CPU, on machines without driver or CUDA libraries.
 */
#ifndef SGNS_GPU_PLUGIN_H
#define SGNS_GPU_PLUGIN_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#include "base/error.h"
#include "search/knn.h"
#include "train/trainer.h"

/* Changes with this struct or with any struct that goes through it. */
enum { CUDA_PLUGIN_ABI = 3 };

struct cuda_plugin {
    unsigned abi; /* CUDA_PLUGIN_ABI */
    /* How many GPUs there are; −1 and a reason of status 4 where there is none, or no driver. */
    int (*count)(struct error *err);
    /* A line about a GPU: name, compute capability, memory in use and in all. */
    int (*describe)(int device, char *text, size_t size, struct error *err);
    struct trainer *(*trainer_create)(int device, const struct trainer_config *config,
                                      struct error *err);
    struct knn *(*knn_create)(int device, const struct knn_config *config, struct error *err);
};

/* The object's one symbol. */
const struct cuda_plugin *sgns_cuda_plugin(void);

struct trainer *cuda_trainer_create(int device, const struct trainer_config *config,
                                    struct error *err);
struct knn *cuda_knn_create(int device, const struct knn_config *config, struct error *err);

#ifdef __cplusplus
}
#endif

#endif

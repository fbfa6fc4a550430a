/* SPDX-License-Identifier: MIT */
/* gpu_plugin.h -- what the shared object with the CUDA backends offers to the programs.
 *
 * It knows backends by name alone: their structs are declared by the rooms that use them.
 */
#ifndef SGNS_GPU_PLUGIN_H
#define SGNS_GPU_PLUGIN_H

#include "base/error.h"

/* To be raised when this file changes, or any struct that goes through it. */
enum { GPU_PLUGIN_ABI = 5 };

enum gpu_backend {
    GPU_TRAINER, /* struct trainer from struct trainer_config (train/trainer.h) */
    GPU_KNN,     /* struct knn from struct knn_config (search/knn.h) */
    GPU_BACKENDS
};

enum { GPU_NOTE = 512 /* bytes of a note, zero included */ };

struct gpu_plugin {
    unsigned abi; /* GPU_PLUGIN_ABI */
    /* The number of GPUs. If there is no driver or no GPU 0, and the reason, with status 4, in `err`; -1
     * if the driver fails. */
    int (*count)(struct error *err);
    /* Creates a backend on GPU `number`. `note` (GPU_NOTE bytes) describes the GPU in a line: name,
     * compute capability, memory in use. NULL on error. */
    void *(*create[GPU_BACKENDS])(int number, const void *config, char *note, struct error *err);
};

/* The object's only symbol, "sgns_gpu_plugin". */
typedef const struct gpu_plugin *gpu_plugin_function(void);

#endif

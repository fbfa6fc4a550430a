/* SPDX-License-Identifier: MIT */
/* gpu_plugin.h -- the interface between the programs and the shared object with the CUDA backends.
 *
 * This header only names the backends; their structs are declared in lib/train and lib/search.
 */
#ifndef SGNS_GPU_PLUGIN_H
#define SGNS_GPU_PLUGIN_H

#include "base/error.h"

/* Increase this when this file changes, or any struct that passes through this interface. */
enum { GPU_PLUGIN_ABI = 5 };

enum gpu_backend {
    GPU_TRAINER, /* struct trainer from struct trainer_config (train/trainer.h) */
    GPU_KNN,     /* struct knn from struct knn_config (search/knn.h) */
    GPU_BACKENDS
};

enum { GPU_NOTE = 512 /* bytes of a note, with its terminating zero */ };

struct gpu_plugin {
    unsigned abi; /* GPU_PLUGIN_ABI */
    /* The number of GPUs. Returns 0 without a driver or a GPU, and -1 if the driver fails; in both
     * cases `err` has the reason, with status 4. */
    int (*count)(struct error *err);
    /* Creates a backend on GPU `number`. `note` (GPU_NOTE bytes) describes the GPU in one line:
     * name, compute capability, memory in use. NULL on error. */
    void *(*create[GPU_BACKENDS])(int number, const void *config, char *note, struct error *err);
};

/* The object's only symbol, "sgns_gpu_plugin". */
typedef const struct gpu_plugin *gpu_plugin_function(void);

#endif

/* SPDX-License-Identifier: MIT */
/* backends.cuh -- what plugin.cu hands to the programs. */
#ifndef SGNS_CUDA_BACKENDS_CUH
#define SGNS_CUDA_BACKENDS_CUH

extern "C" {
#include "base/gpu_plugin.h"
}

/* A line about a GPU into `note` (GPU_NOTE bytes). -1 on error, status 4. */
int cuda_describe(int number, char *note, struct error *err);

/* As gpu_plugin's `create`. */
void *cuda_trainer_create(int number, const void *config, char *note, struct error *err);
void *cuda_knn_create(int number, const void *config, char *note, struct error *err);

#endif

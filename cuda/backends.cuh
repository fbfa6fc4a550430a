/* SPDX-License-Identifier: MIT */
/* backends.cuh -- the backends that plugin.cu offers to the programs. */
#ifndef SGNS_CUDA_BACKENDS_CUH
#define SGNS_CUDA_BACKENDS_CUH

extern "C" {
#include "base/gpu_plugin.h"
}

/* Writes one line about a GPU to `note` (GPU_NOTE bytes). Returns -1 on error, of status 4. */
int cuda_describe(int number, char *note, struct error *err);

/* The `create` functions of struct gpu_plugin. */
void *cuda_trainer_create(int number, const void *config, char *note, struct error *err);
void *cuda_knn_create(int number, const void *config, char *note, struct error *err);

#endif

/* SPDX-License-Identifier: MIT */
/* gpu.h -- finds the shared object with the CUDA backends, and a GPU, while the program runs.
 *
 * The object is $SGNS_CUDA where that is set, else lib/sgns/sgns-cuda.so beside the folder of the
 * program (build/bin and build/lib/sgns, or those under PREFIX). It is loaded once and stays.
 */
#ifndef SGNS_GPU_H
#define SGNS_GPU_H

#include <stdbool.h>

#include "base/gpu_plugin.h"

/* Whether `device` is "auto", "cpu", "cuda" or "cuda:N"; else an error of status 2. */
int gpu_check_name(const char *device, struct error *err) MUST_USE;

/* Whether there is an object to load at all. */
bool gpu_built(void);

/* Chooses a device by `device`: "auto", "cpu", "cuda" or "cuda:N"; "auto" takes the first GPU where
 * there is one and the work is `worth_it`. *plugin becomes NULL for the CPU; else *number is the
 * GPU's. `note` (DEVICE_NOTE bytes) becomes empty, or why "auto" found none.
 *
 * Errors: status 2 for another text, or where there are GPUs but not this one; status 4 for "cuda"
 * where there is no object, no driver or no GPU. */
enum { DEVICE_NOTE = 512 };
int gpu_choose(const char *device, bool worth_it, int *number, const struct cuda_plugin **plugin,
               char *note, struct error *err) MUST_USE;

/* Behind a backend of the GPU that could not be created, for the reason in `err`: whether the CPU
 * is to be tried, as "auto" lets it; then the note says why. */
bool gpu_falls_back(const char *device, char *note, const struct error *err);

#endif

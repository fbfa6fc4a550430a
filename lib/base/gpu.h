/* SPDX-License-Identifier: MIT */
/* gpu.h -- selects CPU or GPU, and loads the shared object with the CUDA backends.
 *
 * The programs are not linked to CUDA: they load sgns-cuda.so when they need a GPU, so that they
 * also run, on the CPU, on machines without a driver or the CUDA libraries. The object is
 * $SGNS_CUDA if that is set, else lib/sgns/sgns-cuda.so in the parent of the program's directory
 * (build/bin and build/lib/sgns, or bin and lib/sgns under PREFIX). It is loaded once and stays
 * loaded.
 */
#ifndef SGNS_GPU_H
#define SGNS_GPU_H

#include <stdbool.h>

#include "base/gpu_plugin.h"

/* Returns 0 if `device` is "auto", "cpu", "cuda" or "cuda:N"; else -1 and status 2. */
int gpu_check_name(const char *device, struct error *err);

/* Whether the shared object exists. */
bool gpu_built(void);

/* Creates a backend on the GPU that `device` selects. "auto" selects the first GPU if there is one
 * and the work is `worthwhile`. *created becomes NULL if the CPU must do the work. `note` (GPU_NOTE
 * bytes) describes the GPU, or gives the reason why "auto" fell back to the CPU although there is a
 * GPU, or is empty.
 *
 * Errors: status 2 for any other `device`, and for a GPU number that does not exist; status 4 if
 * "cuda" finds no shared object, driver or GPU, or if the backend cannot be created there. */
int gpu_create(const char *device, bool worthwhile, enum gpu_backend backend, const void *config,
               void **created, char *note, struct error *err) MUST_USE;

#endif

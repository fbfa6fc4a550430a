/* SPDX-License-Identifier: MIT */
/* gpu.h -- the choice between CPU and GPU, and the shared object with the CUDA backends.
 *
 * The programs are not linked to CUDA: they load sgns-cuda.so when a GPU is wanted, so that they start,
 * and run on the CPU, on machines without driver or CUDA libraries. The object is $SGNS_CUDA if that is
 * set, else lib/sgns/sgns-cuda.so beside the program's directory (build/bin and build/lib/sgns, or
 * those under PREFIX). It is loaded once and stays loaded.
 */
#ifndef SGNS_GPU_H
#define SGNS_GPU_H

#include <stdbool.h>

#include "base/gpu_plugin.h"

/* Whether `device` is "auto", "cpu", "cuda" or "cuda:N"; if not, an error of status 2. */
int gpu_check_name(const char *device, struct error *err);

/* Whether there is an object to load. */
bool gpu_built(void);

/* Creates a backend on the GPU that `device` asks for; "auto" takes the first GPU if there is one and
 * the work is `worth_it`. *created becomes NULL if the CPU is to do the work. `note` (GPU_NOTE bytes)
 * describes the GPU, or says why "auto" fell back to the CPU although there is one, or is empty.
 *
 * Errors: status 2 for any other `device`, or a number that no GPU has; status 4 if "cuda" finds no
 * object, driver or GPU, or the backend cannot be created there. */
int gpu_create(const char *device, bool worth_it, enum gpu_backend backend, const void *config,
               void **created, char *note, struct error *err) MUST_USE;

#endif

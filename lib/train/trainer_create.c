/* SPDX-License-Identifier: MIT */
#include "train/trainer_create.h"

#include "base/gpu.h"
#include "train/trainer_cpu.h"

/* The amount of work (examples × dim) from which on a GPU's start, about a second, pays off. */
static const double WORTH_A_GPU = 1e8;

struct trainer *trainer_create(const char *device, const struct trainer_config *config, char *note,
                               struct error *err)
{
    void *on_gpu;
    double work = (double)config->examples * config->dim;
    if (gpu_create(device, work >= WORTH_A_GPU, GPU_TRAINER, config, &on_gpu, note, err) < 0)
        return NULL;
    return on_gpu ? on_gpu : trainer_cpu_create(config, err);
}

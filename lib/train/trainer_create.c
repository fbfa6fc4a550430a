/* SPDX-License-Identifier: MIT */
#include "train/trainer.h"

#include "base/gpu.h"

/* Numbers that training handles (examples × dim) from which a GPU's start, a second or so, pays. */
static const double WORTH_A_GPU = 1e8;

struct trainer *trainer_create(const char *device, const struct trainer_config *config, char *note,
                               struct error *err)
{
    int number;
    const struct cuda_plugin *plugin;
    double work = (double)config->examples * config->dim;
    if (gpu_choose(device, work >= WORTH_A_GPU, &number, &plugin, note, err) < 0)
        return NULL;
    struct trainer *trainer = plugin ? plugin->trainer_create(number, config, err) : NULL;
    if (trainer && plugin->describe(number, note, DEVICE_NOTE, err) < 0) {
        trainer->methods->destroy(trainer);
        trainer = NULL;
    }
    if (trainer || (plugin && !gpu_falls_back(device, note, err)))
        return trainer;
    return trainer_cpu_create(config, err);
}

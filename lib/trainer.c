/* SPDX-License-Identifier: MIT */
#include "trainer.h"

#include <math.h>

#include "gpu.h"
#include "random.h"

struct xavier xavier_init(const struct trainer_config *config)
{
    return (struct xavier){config->seed, sqrt(6.0 / ((double)config->words + config->dim))};
}

void xavier_fill(const struct xavier *xavier, enum weights matrix, uint64_t first, float *weight,
                 uint32_t n)
{
    enum random_purpose purpose = matrix == WEIGHTS_CENTRE ? RANDOM_CENTRE : RANDOM_CONTEXT;
    uint64_t drawn[RANDOM_BLOCK];
    for (uint32_t i = 0; i < n; i++) {
        uint64_t place = first + i;
        if (i == 0 || place % RANDOM_BLOCK == 0)
            random_block(drawn, xavier->seed, purpose, place / RANDOM_BLOCK, 0, 0);
        double unit = random_unit(drawn[place % RANDOM_BLOCK]);
        weight[i] = (float)((2 * unit - 1) * xavier->bound);
    }
}

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
    if (trainer || (plugin && !gpu_falls_back(device, note, err)))
        return trainer;
    return trainer_cpu_create(config, err);
}

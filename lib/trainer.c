/* SPDX-License-Identifier: MIT */
#include "trainer.h"

#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "random.h"

struct xavier xavier_init(const struct trainer_config *config)
{
    return (struct xavier){config->seed, sqrt(6.0 / ((double)config->words + config->dim))};
}

void xavier_fill(const struct xavier *xavier, int matrix, uint64_t first, float *weight, uint32_t n)
{
    uint64_t drawn[RANDOM_BLOCK];
    for (uint32_t i = 0; i < n; i++) {
        uint64_t place = first + i;
        if (i == 0 || place % RANDOM_BLOCK == 0)
            random_block(drawn, xavier->seed, matrix, place / RANDOM_BLOCK, 0, 0);
        double unit = random_unit(drawn[place % RANDOM_BLOCK]);
        weight[i] = (float)((2 * unit - 1) * xavier->bound);
    }
}

static bool names_cuda(const char *device)
{
    if (strncmp(device, "cuda", 4) != 0)
        return false;
    const char *number = device + 4;
    if (*number == 0)
        return true;
    if (*number++ != ':' || *number == 0)
        return false;
    while (isdigit((unsigned char)*number))
        number++;
    return *number == 0;
}

struct trainer *trainer_create(const char *device, const struct trainer_config *config,
                               struct error *err)
{
    if (strcmp(device, "auto") == 0 || strcmp(device, "cpu") == 0)
        return trainer_cpu_create(config, err);
    if (names_cuda(device))
        error_set(err, STATUS_DEVICE, "%s: this build has no CUDA; use --device=cpu", device);
    else
        error_set(err, STATUS_USAGE, "%s: no such device; expected auto, cpu, cuda or cuda:N",
                  device);
    return NULL;
}

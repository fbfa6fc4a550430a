/* SPDX-License-Identifier: MIT */
#include "search/knn_create.h"

#include "base/gpu.h"
#include "search/knn_cpu.h"

/* Whether a GPU is likely to be faster, including its start and the copying of the vectors: an
 * estimate by orders of magnitude. A thread multiplies 1e9 numbers per second for a few queries,
 * which are limited by memory, and 3e10 for many. A GPU takes one second to start, and copies 2e9
 * numbers per second. */
static bool worth_a_gpu(const struct knn_config *config)
{
    double numbers = (double)config->words * config->dim;
    double rate = (config->queries < KNN_MANY ? 1e9 : 3e10) * config->threads;
    return numbers * (double)config->queries / rate > 1 + numbers / 2e9;
}

struct knn *knn_create(const char *device, const struct knn_config *config, char *note,
                       struct error *err)
{
    void *on_gpu;
    if (gpu_create(device, worth_a_gpu(config), GPU_KNN, config, &on_gpu, note, err) < 0)
        return NULL;
    return on_gpu ? on_gpu : knn_cpu_create(config, err);
}

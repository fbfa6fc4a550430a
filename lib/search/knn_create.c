/* SPDX-License-Identifier: MIT */
#include "search/knn.h"

#include "base/gpu.h"

/* Whether a GPU is likely to be done sooner, its start and the way of the vectors to it included: a
 * guess by orders of magnitude. A thread multiplies 1e9 numbers a second for a few queries, which
 * wait for memory, and 3e10 for many; a GPU takes a second to start, and 2e9 numbers a second. */
static bool worth_a_gpu(const struct knn_config *config)
{
    double numbers = (double)config->words * config->dim;
    double rate = (config->queries < KNN_MANY ? 1e9 : 3e10) * config->threads;
    return numbers * (double)config->queries / rate > 1 + numbers / 2e9;
}

struct knn *knn_create(const char *device, const struct knn_config *config, char *note,
                       struct error *err)
{
    int number;
    const struct cuda_plugin *plugin;
    if (gpu_choose(device, worth_a_gpu(config), &number, &plugin, note, err) < 0)
        return NULL;
    struct knn *knn = plugin ? plugin->knn_create(number, config, err) : NULL;
    if (knn && plugin->describe(number, note, DEVICE_NOTE, err) < 0) {
        knn->methods->destroy(knn);
        knn = NULL;
    }
    if (knn || (plugin && !gpu_falls_back(device, note, err)))
        return knn;
    return knn_cpu_create(config, err);
}

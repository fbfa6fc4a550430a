/* SPDX-License-Identifier: MIT */
#include "knn.h"

#include "gpu.h"

/* Multiplications of the search from which a GPU's start, a second or so, pays. */
static const double WORTH_A_GPU = 3e9;

struct knn *knn_create(const char *device, const float *rows, uint32_t words, uint32_t dim,
                       uint64_t queries, char *note, struct error *err)
{
    int number;
    const struct cuda_plugin *plugin;
    double work = (double)queries * words * dim;
    if (gpu_choose(device, work >= WORTH_A_GPU, &number, &plugin, note, err) < 0)
        return NULL;
    struct knn *knn = plugin ? plugin->knn_create(number, rows, words, dim, err) : NULL;
    if (knn && gpu_describe(plugin, number, note, err) < 0) {
        knn->methods->destroy(knn);
        knn = NULL;
    }
    if (knn || (plugin && !gpu_falls_back(device, note, err)))
        return knn;
    return knn_cpu_create(rows, words, dim, err);
}

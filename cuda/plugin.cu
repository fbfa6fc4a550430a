/* SPDX-License-Identifier: MIT */
#include "base/gpu_plugin.h"

#include <cstdio>

#include "check.cuh"

namespace
{

int count(struct error *err)
{
    int devices = 0;
    cudaError_t result = cudaGetDeviceCount(&devices);
    if (result == cudaSuccess && devices > 0)
        return devices;
    return error_set(err, STATUS_DEVICE, "no GPU: %s",
                     result == cudaSuccess ? "none is there" : cudaGetErrorString(result));
}

int describe(int device, char *text, size_t size, struct error *err)
{
    cudaDeviceProp properties;
    size_t free_bytes, all_bytes;
    if (cuda_check(cudaSetDevice(device), "starting", err) < 0 ||
        cuda_check(cudaGetDeviceProperties(&properties, device), "asking for its name", err) < 0 ||
        cuda_check(cudaMemGetInfo(&free_bytes, &all_bytes), "asking for its memory", err) < 0)
        return -1;
    snprintf(text, size, "cuda:%d: %s, compute capability %d.%d, %.1f of %.1f GB in use", device,
             properties.name, properties.major, properties.minor,
             (double)(all_bytes - free_bytes) / 1e9, (double)all_bytes / 1e9);
    return 0;
}

const struct cuda_plugin plugin = {CUDA_PLUGIN_ABI, count, describe, cuda_trainer_create,
                                   cuda_knn_create};

} // namespace

const struct cuda_plugin *sgns_cuda_plugin(void)
{
    return &plugin;
}

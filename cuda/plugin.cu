/* SPDX-License-Identifier: MIT */
#include "backends.cuh"

#include <cstdio>

#include "check.cuh"

namespace
{

int count(struct error *err)
{
    int devices = 0, driver = 0;
    if (cudaDriverGetVersion(&driver) == cudaSuccess && driver == 0) {
        error_set(err, STATUS_DEVICE, "no GPU: no NVIDIA driver is installed");
        return 0;
    }
    cudaError_t result = cudaGetDeviceCount(&devices);
    if (result == cudaSuccess && devices > 0)
        return devices;
    error_set(err, STATUS_DEVICE, "no GPU: %s",
              result == cudaSuccess ? "no device found" : cudaGetErrorString(result));
    return result == cudaSuccess || result == cudaErrorNoDevice ? 0 : -1;
}

const struct gpu_plugin plugin = {GPU_PLUGIN_ABI, count, {cuda_trainer_create, cuda_knn_create}};

} // namespace

int cuda_describe(int device, char *note, struct error *err)
{
    cudaDeviceProp properties;
    size_t free_bytes, all_bytes;
    if (cuda_check(cudaSetDevice(device), "initialising", err) < 0 ||
        cuda_check(cudaGetDeviceProperties(&properties, device), "querying its properties", err) <
            0 ||
        cuda_check(cudaMemGetInfo(&free_bytes, &all_bytes), "querying its memory", err) < 0)
        return -1;
    snprintf(note, GPU_NOTE, "cuda:%d: %s, compute capability %d.%d, %.1f of %.1f GB in use",
             device, properties.name, properties.major, properties.minor,
             (double)(all_bytes - free_bytes) / 1e9, (double)all_bytes / 1e9);
    return 0;
}

extern "C" const struct gpu_plugin *sgns_gpu_plugin(void)
{
    return &plugin;
}

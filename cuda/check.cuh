/* SPDX-License-Identifier: MIT */
/* check.cuh -- shared by all CUDA code here: checked calls, arrays, launches of kernels.
 *
 * The result of every call that can fail is passed to cuda_check, except when memory is released.
 * After a failure, nothing more is done than releasing everything: once a device is lost, every
 * call fails.
 */
#ifndef SGNS_CUDA_CHECK_CUH
#define SGNS_CUDA_CHECK_CUH

#include <cuda_runtime.h>

#include <cstddef>

extern "C" {
#include "base/error.h"
}

/* Returns 0, or -1 and an error of status 4 that names the operation `what`. */
inline int cuda_check(cudaError_t result, const char *what, struct error *err)
{
    if (result == cudaSuccess)
        return 0;
    return error_set(err, STATUS_DEVICE, "GPU: %s: %s; use another device, or --device=cpu", what,
                     cudaGetErrorString(result));
}

/* 0, or -1 and an error of status 4 if fewer than `needed` bytes of device memory are free: "GPU: `what`
 * N MB, but only N MB are free`advice`". */
inline int cuda_check_free(double needed, const char *what, const char *advice, struct error *err)
{
    size_t free_bytes, all_bytes;
    if (cuda_check(cudaMemGetInfo(&free_bytes, &all_bytes), "querying its memory", err) < 0)
        return -1;
    if (needed <= (double)free_bytes)
        return 0;
    return error_set(err, STATUS_DEVICE, "GPU: %s %.0f MB, but only %.0f MB are free%s", what,
                     needed / 1e6, (double)free_bytes / 1e6, advice);
}

/* An array that is reallocated to grow: its content is lost. */
template <class T, bool IN_HOST> struct growing_array {
    T *data = nullptr;
    size_t capacity = 0;

    int reserve(size_t wanted, const char *what, struct error *err)
    {
        if (wanted <= capacity)
            return 0;
        size_t more = capacity + capacity / 4, grown = wanted > more ? wanted : more;
        release();
        void **pointer = (void **)&data;
        size_t bytes = grown * sizeof(T);
        cudaError_t made = IN_HOST ? cudaMallocHost(pointer, bytes) : cudaMalloc(pointer, bytes);
        if (made == cudaSuccess)
            capacity = grown;
        else
            data = nullptr;
        return cuda_check(made, what, err);
    }
    void release()
    {
        if (IN_HOST)
            cudaFreeHost(data);
        else
            cudaFree(data);
        data = nullptr;
        capacity = 0;
    }
};

template <class T> using device_array = growing_array<T, false>;

/* In page-locked host memory: copies to and from it can run beside kernels. */
template <class T> using pinned_array = growing_array<T, true>;

/* Launches a kernel, whose parameter is one struct, on `threads` threads, rounded up to whole
 * blocks. */
template <class P>
int cuda_launch(void (*kernel)(P), P parameters, size_t threads, cudaStream_t stream,
                const char *what, struct error *err)
{
    const unsigned block = 256;
    if (threads == 0)
        return 0;
    void *arguments[] = {&parameters};
    dim3 grid((unsigned)((threads + block - 1) / block));
    return cuda_check(cudaLaunchKernel(kernel, grid, dim3(block), arguments, 0, stream), what, err);
}

#endif

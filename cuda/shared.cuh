/* SPDX-License-Identifier: MIT */
/* shared.cuh -- shared memory in kernels, the same for nvcc and for tests/emulate.
 *
 * A kernel declares no __shared__ variables. The launch sets the size of its shared memory, and
 * this function returns pointers into it. If the layout is fixed, use a struct, so that UBSan
 * checks the bounds of each array:
 *
 *     struct tile { float sum[32]; unsigned taken; };
 *     tile *t = shared_memory<tile>();               launched with sizeof(tile) bytes
 *
 * Otherwise use several arrays, each at a byte offset from the start:
 *
 *     float *row = shared_memory<float>(), *loss = shared_memory<float>(dim * sizeof(float));
 */
#ifndef SGNS_CUDA_SHARED_CUH
#define SGNS_CUDA_SHARED_CUH

#include <cuda_runtime.h>

#include <cstddef>

template <class T> __device__ __forceinline__ T *shared_memory(size_t offset = 0)
{
    static_assert(alignof(T) <= 16, "shared memory is aligned to 16 bytes");
#ifdef SGNS_EMULATE
    unsigned char *bytes = emulate::shared_bytes();
#else
    extern __shared__ __align__(16) unsigned char bytes[];
#endif
    return reinterpret_cast<T *>(bytes + offset);
}

#endif

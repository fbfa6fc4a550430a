/* SPDX-License-Identifier: MIT */
/* cooperative_groups.h -- see cuda_runtime.h here. Groups: the whole grid, and a block. */
#ifndef EMULATE_COOPERATIVE_GROUPS_H
#define EMULATE_COOPERATIVE_GROUPS_H

#include "cuda_runtime.h"

namespace cooperative_groups
{

struct thread_block {
    void sync() const
    {
        emulate::sync_block();
    }
    unsigned thread_rank() const
    {
        return (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
    }
    unsigned size() const
    {
        return blockDim.x * blockDim.y * blockDim.z;
    }
};

struct grid_group {
    bool is_valid() const
    {
        return emulate::in_cooperative_grid();
    }
    void sync() const
    {
        emulate::sync_grid();
    }
    unsigned long long thread_rank() const
    {
        unsigned long long block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
        return block * thread_block().size() + thread_block().thread_rank();
    }
    unsigned long long size() const
    {
        return 1ull * gridDim.x * gridDim.y * gridDim.z * thread_block().size();
    }
};

inline thread_block this_thread_block()
{
    return {};
}

inline grid_group this_grid()
{
    return {};
}

} // namespace cooperative_groups

#endif

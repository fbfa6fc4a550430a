/* SPDX-License-Identifier: MIT */
#include "kernels.h"

extern const struct kernels kernels_plain;
#ifdef __x86_64__
extern const struct kernels kernels_avx2, kernels_avx512;
#endif

const struct kernels *const *kernels_all(size_t *count)
{
    static const struct kernels *found[3];
    size_t n = 0;
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw"))
        found[n++] = &kernels_avx512;
    if (__builtin_cpu_supports("avx2"))
        found[n++] = &kernels_avx2;
#endif
    found[n++] = &kernels_plain;
    *count = n;
    return found;
}

const struct kernels *kernels_best(void)
{
    size_t count;
    return kernels_all(&count)[0];
}

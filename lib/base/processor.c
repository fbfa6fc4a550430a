/* SPDX-License-Identifier: MIT */
#include "base/processor.h"

enum processor processor_best(void)
{
#ifdef __x86_64__
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
        return PROCESSOR_PLAIN;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw"))
        return PROCESSOR_AVX512;
    return PROCESSOR_AVX2;
#else
    return PROCESSOR_PLAIN;
#endif
}

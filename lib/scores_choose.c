/* SPDX-License-Identifier: MIT */
#include "scores.h"

extern const struct scores scores_plain;
#ifdef __x86_64__
extern const struct scores scores_avx2, scores_avx512;
#endif

const struct scores *const *scores_all(size_t *count)
{
    static const struct scores *found[3];
    size_t n = 0;
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw"))
        found[n++] = &scores_avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        found[n++] = &scores_avx2;
#endif
    found[n++] = &scores_plain;
    *count = n;
    return found;
}

const struct scores *scores_best(void)
{
    size_t count;
    return scores_all(&count)[0];
}

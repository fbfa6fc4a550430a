/* SPDX-License-Identifier: MIT */
#include "base/processor.h"
#include "train/kernels.h"

extern const struct kernels kernels_plain;
#ifdef __x86_64__
extern const struct kernels kernels_avx2, kernels_avx512;
#endif

const struct kernels *const *kernels_all(size_t *count)
{
    /* The fastest first: the reverse order of enum processor. */
    static const struct kernels *const all[] = {
#ifdef __x86_64__
        &kernels_avx512,
        &kernels_avx2,
#endif
        &kernels_plain,
    };
    *count = (size_t)processor_best() + 1;
    return all + sizeof all / sizeof *all - *count;
}

const struct kernels *kernels_best(void)
{
    size_t count;
    return kernels_all(&count)[0];
}

/* SPDX-License-Identifier: MIT */
#include "base/processor.h"
#include "search/scores.h"

extern const struct scores scores_plain;
#ifdef __x86_64__
extern const struct scores scores_avx2, scores_avx512;
#endif

const struct scores *const *scores_all(size_t *count)
{
    /* The fastest first: the reverse order of enum processor. */
    static const struct scores *const all[] = {
#ifdef __x86_64__
        &scores_avx512,
        &scores_avx2,
#endif
        &scores_plain,
    };
    *count = (size_t)processor_best() + 1;
    return all + sizeof all / sizeof *all - *count;
}

const struct scores *scores_best(void)
{
    size_t count;
    return scores_all(&count)[0];
}

/* SPDX-License-Identifier: MIT */
#include "train/xavier.h"

#include <math.h>

#include "base/random.h"

struct xavier xavier_init(uint32_t words, uint32_t dim, uint64_t seed)
{
    return (struct xavier){seed, sqrt(6.0 / ((double)words + dim))};
}

void xavier_fill(const struct xavier *xavier, enum weights matrix, uint64_t first, float *weight,
                 uint32_t n)
{
    enum random_purpose purpose = matrix == WEIGHTS_CENTRE ? RANDOM_CENTRE : RANDOM_CONTEXT;
    uint64_t drawn[RANDOM_BLOCK];
    for (uint32_t i = 0; i < n; i++) {
        uint64_t index = first + i;
        if (i == 0 || index % RANDOM_BLOCK == 0)
            random_block(drawn, xavier->seed, purpose, index / RANDOM_BLOCK, 0, 0);
        double unit = random_unit(drawn[index % RANDOM_BLOCK]);
        weight[i] = (float)((2 * unit - 1) * xavier->bound);
    }
}

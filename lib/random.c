/* SPDX-License-Identifier: MIT */
#include "random.h"

/* One round of two blocks: each of them waits for its own products, so that two take hardly longer
 * than one. */
#define ROUND                                                                                      \
    do {                                                                                           \
        a = _philox4x64round(a, key);                                                              \
        b = _philox4x64round(b, key);                                                              \
        key = _philox4x64bumpkey(key);                                                             \
    } while (0)

void random_blocks(struct random_words *out, uint64_t seed, enum random_purpose purpose,
                   const struct random_at *at, size_t n, uint64_t epoch)
{
    size_t i = 0;
    for (; i + 2 <= n; i += 2) {
        philox4x64_ctr_t a = {{at[i].block, at[i].position, epoch, 0}};
        philox4x64_ctr_t b = {{at[i + 1].block, at[i + 1].position, epoch, 0}};
        philox4x64_key_t key = {{seed, (uint64_t)purpose}};
        ROUND;
        ROUND;
        ROUND;
        ROUND;
        ROUND;
        ROUND;
        ROUND;
        ROUND;
        ROUND;
        ROUND;
        for (int j = 0; j < RANDOM_BLOCK; j++) {
            out[i].word[j] = a.v[j];
            out[i + 1].word[j] = b.v[j];
        }
    }
    if (i < n)
        random_block(out[i].word, seed, purpose, at[i].block, at[i].position, epoch);
}

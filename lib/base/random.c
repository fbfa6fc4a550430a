/* SPDX-License-Identifier: MIT */
#include "base/random.h"

/* One round of Philox4x64, written out here so that two blocks can be interleaved. */
static inline void philox_round(uint64_t c[RANDOM_BLOCK], uint64_t key0, uint64_t key1)
{
    uint64_t low0, low1;
    uint64_t high0 = multiply_wide(PHILOX_M4x64_0, c[0], &low0);
    uint64_t high1 = multiply_wide(PHILOX_M4x64_1, c[2], &low1);
    c[0] = high1 ^ c[1] ^ key0;
    c[1] = low1;
    c[2] = high0 ^ c[3] ^ key1;
    c[3] = low0;
}

/* Round n of two blocks, interleaved: each block waits for its own products, so two take hardly
 * longer than one. */
#define ROUND(n)                                                                                   \
    do {                                                                                           \
        philox_round(a, seed + n * PHILOX_W64_0, purpose + n * PHILOX_W64_1);                      \
        philox_round(b, seed + n * PHILOX_W64_0, purpose + n * PHILOX_W64_1);                      \
    } while (0)

void random_blocks(struct random_words *out, uint64_t seed, enum random_purpose purpose,
                   const struct random_at *at, size_t n, uint64_t epoch)
{
    size_t i = 0;
    for (; i + 2 <= n; i += 2) {
        uint64_t a[RANDOM_BLOCK] = {at[i].block, at[i].position, epoch, 0};
        uint64_t b[RANDOM_BLOCK] = {at[i + 1].block, at[i + 1].position, epoch, 0};
        ROUND(0);
        ROUND(1);
        ROUND(2);
        ROUND(3);
        ROUND(4);
        ROUND(5);
        ROUND(6);
        ROUND(7);
        ROUND(8);
        ROUND(9);
        for (int j = 0; j < RANDOM_BLOCK; j++) {
            out[i].word[j] = a[j];
            out[i + 1].word[j] = b[j];
        }
    }
    if (i < n)
        random_block(out[i].word, seed, purpose, at[i].block, at[i].position, epoch);
}

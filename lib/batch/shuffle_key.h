/* SPDX-License-Identifier: MIT */
/* shuffle_key.h -- random keys, by which the examples of an epoch are put in order.
 *
 * A centre word's key is a random word of 64 bits, drawn from its position and the epoch; equal keys,
 * which hardly ever occur, go by position. Sorting by such keys gives every permutation the same chance,
 * and it can be done in parts: the keys of one range after the other, in the memory available.
 */
#ifndef SGNS_SHUFFLE_KEY_H
#define SGNS_SHUFFLE_KEY_H

#include <stdint.h>

#include "base/random.h"

/* An example as it is sorted: its key, and where it is, which is the position of its centre word, or,
 * of a packed example, its offset. */
struct example_ref {
    uint64_t key, at;
};

/* The keys of positions RANDOM_BLOCK · block … RANDOM_BLOCK · (block + n) − 1, n ≤ SHUFFLE_KEYS. */
enum { SHUFFLE_KEYS = 32 };
void shuffle_keys(uint64_t seed, uint64_t epoch, uint64_t block, uint32_t n,
                  struct random_words *key);

/* Sorts ref (n) by key, whose first `bits` bits are the same in all, and equal keys by `at`. `scratch` has
 * room for as many. */
void shuffle_sort(struct example_ref *ref, uint64_t n, unsigned bits, struct example_ref *scratch);

/* The largest k with 2^k ≤ n; 0 for n = 0. */
unsigned shuffle_log2(uint64_t n);

#endif

/* SPDX-License-Identifier: MIT */
/* shuffle_key.h -- random keys by which the examples of an epoch are sorted.
 *
 * The key of an example is a random word of 64 bits, drawn for the position of its centre word
 * and the epoch. Examples with equal keys, which hardly ever occur, are sorted by position.
 * Sorting by such keys makes every permutation equally likely, and it can be done in parts that
 * fit in memory: one range of keys after the other.
 */
#ifndef SGNS_SHUFFLE_KEY_H
#define SGNS_SHUFFLE_KEY_H

#include <stdint.h>

#include "base/random.h"

/* An example while it is sorted: its key, and `at`, the position of its centre word or, for a
 * packed example, its byte offset. */
struct example_ref {
    uint64_t key, at;
};

/* Draws the keys of the positions RANDOM_BLOCK · block … RANDOM_BLOCK · (block + n) − 1 into key
 * (n), n ≤ SHUFFLE_KEYS. */
enum { SHUFFLE_KEYS = 32 };
void shuffle_keys(uint64_t seed, uint64_t epoch, uint64_t block, uint32_t n,
                  struct random_words *key);

/* Sorts ref (n) by key, and equal keys by `at`. The first `bits` bits of all keys must be the same.
 * `scratch` has room for n refs. */
void shuffle_sort(struct example_ref *ref, uint64_t n, unsigned bits, struct example_ref *scratch);

/* The largest k with 2^k ≤ n; 0 for n = 0. */
unsigned shuffle_log2(uint64_t n);

#endif

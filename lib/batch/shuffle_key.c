/* SPDX-License-Identifier: MIT */
#include "batch/shuffle_key.h"

#include <stdbool.h>
#include <string.h>

/* The most bits of a key that one radix pass sorts by, and the average length of a part up to which
 * insertion sort finishes the work. */
enum { DIGIT_BITS_MAX = 12, INSERTION_MAX = 16 };

static bool precedes(const struct example_ref *a, const struct example_ref *b)
{
    return a->key < b->key || (a->key == b->key && a->at < b->at);
}

/* Fast if nearly all refs are close to their final positions. */
static void sort_by_insertion(struct example_ref *ref, uint64_t n)
{
    for (uint64_t i = 1; i < n; i++) {
        struct example_ref moved = ref[i];
        uint64_t to = i;
        for (; to > 0 && precedes(&moved, &ref[to - 1]); to--)
            ref[to] = ref[to - 1];
        ref[to] = moved;
    }
}

unsigned shuffle_log2(uint64_t n)
{
    return n > 1 ? 63 - (unsigned)__builtin_clzll(n) : 0;
}

/* Sorts by the `digit` bits after the first `bits`, then each part with equal digits on its own. */
static void sort_by_digit(struct example_ref *ref, uint64_t n, unsigned bits, unsigned digit,
                          struct example_ref *scratch)
{
    const unsigned shift = 64 - bits - digit;
    const uint32_t mask = (1u << digit) - 1;
    uint64_t end[1 << DIGIT_BITS_MAX];
    memset(end, 0, sizeof *end << digit);
    for (uint64_t i = 0; i < n; i++)
        end[ref[i].key >> shift & mask]++;
    uint64_t sum = 0;
    for (uint32_t i = 0; i <= mask; i++) {
        uint64_t here = end[i];
        end[i] = sum;
        sum += here;
    }
    for (uint64_t i = 0; i < n; i++)
        scratch[end[ref[i].key >> shift & mask]++] = ref[i];
    memcpy(ref, scratch, n * sizeof *ref);
    for (uint32_t i = 0; i <= mask && n >> digit > INSERTION_MAX; i++) {
        uint64_t start = i > 0 ? end[i - 1] : 0;
        shuffle_sort(ref + start, end[i] - start, bits + digit, scratch);
    }
}

void shuffle_sort(struct example_ref *ref, uint64_t n, unsigned bits, struct example_ref *scratch)
{
    unsigned digit = shuffle_log2(n) < DIGIT_BITS_MAX ? shuffle_log2(n) : DIGIT_BITS_MAX;
    if (digit > 64 - bits)
        digit = 64 - bits;
    if (digit > 0)
        sort_by_digit(ref, n, bits, digit, scratch);
    sort_by_insertion(ref, n);
}

void shuffle_keys(uint64_t seed, uint64_t epoch, uint64_t block, uint32_t n,
                  struct random_words *key)
{
    struct random_at at[SHUFFLE_KEYS];
    for (uint32_t i = 0; i < n; i++)
        at[i] = (struct random_at){block + i, 0};
    random_blocks(key, seed, RANDOM_SHUFFLE, at, n, epoch);
}

/* SPDX-License-Identifier: MIT */
/* random.h -- counter-based random numbers: a draw depends on its purpose and position, never on
 * the order of the draws. So it is the same on any number of threads, and on a GPU.
 *
 * Philox4x64-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC'11), from
 * Random123. The key is (seed, purpose); the counter is (block, position, epoch, 0). Each counter
 * gives a block of four random words of 64 bits.
 */
#ifndef SGNS_RANDOM_H
#define SGNS_RANDOM_H

#include <Random123/philox.h>
#include <stddef.h>
#include <stdint.h>

/* Each comment says what the fields of the counter are, where they are not 0. */
enum random_purpose {
    RANDOM_SUBSAMPLE = 1, /* block: token index / 4; epoch: number of the draw */
    RANDOM_WINDOW = 2,    /* position: of the centre word; epoch, if examples are fresh */
    RANDOM_NOISE = 3,     /* the same; block: 0, 1, … as needed, see examples.c */
    RANDOM_SHUFFLE = 4,   /* block: position of the centre word / 4; epoch */
    RANDOM_CENTRE = 5,    /* initial V; block: index in the matrix / 4 */
    RANDOM_CONTEXT = 6,   /* initial U; likewise */
    RANDOM_MAP = 7        /* displacements on a map; block: index of the word */
};

enum { RANDOM_BLOCK = 4 /* random words in a block */ };

/* Computes one block. */
static inline void random_block(uint64_t out[RANDOM_BLOCK], uint64_t seed,
                                enum random_purpose purpose, uint64_t block, uint64_t position,
                                uint64_t epoch)
{
    philox4x64_ctr_t counter = {{block, position, epoch, 0}};
    philox4x64_key_t key = {{seed, (uint64_t)purpose}};
    philox4x64_ctr_t drawn = philox4x64_R(10, counter, key);
    for (int i = 0; i < RANDOM_BLOCK; i++)
        out[i] = drawn.v[i];
}

/* Computes n blocks of one purpose and epoch, faster than one by one. `at` (n) are their counters,
 * `out` (n) the blocks. */
struct random_at {
    uint64_t block, position;
};
struct random_words {
    uint64_t word[RANDOM_BLOCK];
};
void random_blocks(struct random_words *out, uint64_t seed, enum random_purpose purpose,
                   const struct random_at *at, size_t n, uint64_t epoch);

/* The 128-bit product of two words: returns the high half, stores the low half. */
static inline uint64_t multiply_wide(uint64_t a, uint64_t b, uint64_t *low)
{
#ifdef __SIZEOF_INT128__
    unsigned __int128 product = (unsigned __int128)a * b;
    *low = (uint64_t)product;
    return (uint64_t)(product >> 64);
#else
    uint64_t a0 = (uint32_t)a, a1 = a >> 32, b0 = (uint32_t)b, b1 = b >> 32;
    uint64_t middle = a1 * b0 + (a0 * b0 >> 32), other = a0 * b1 + (uint32_t)middle;
    *low = a * b;
    return a1 * b1 + (middle >> 32) + (other >> 32);
#endif
}

/* An integer from 0 to n − 1 (Lemire's multiplication; the bias is below n / 2^64). */
static inline uint64_t random_below(uint64_t word, uint64_t n)
{
    uint64_t low;
    return multiply_wide(word, n, &low);
}

/* A number in [0, 1), of 53 random bits. */
static inline double random_unit(uint64_t word)
{
    return (double)(word >> 11) * 0x1p-53;
}

#endif

/* SPDX-License-Identifier: MIT */
/* shuffle.h -- the order of an epoch's examples: by a random key of each centre.
 *
 * A centre's key is a random word of 64 bits, drawn from its position and the epoch; equal keys,
 * which hardly occur, go by position. Sorting by such keys gives every permutation the same chance,
 * and it can be done in parts: for the keys of one range after the other, in the memory there is.
 */
#ifndef SGNS_SHUFFLE_H
#define SGNS_SHUFFLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/random.h"
#include "base/team.h"
#include "batch/sentences.h"

/* An example's place in the order. */
struct example_ref {
    uint64_t key, at; /* `at`: the position of the centre */
};

struct shuffle_options {
    uint64_t seed;
    bool shuffle;      /* false: the order of the text */
    uint64_t capacity; /* places to hold at a time, at least 1 */
    uint64_t keep;     /* of them at most so many are held over from one slice to the next */
};

struct shuffle {
    const struct sentences *text;
    struct team *team;
    struct shuffle_options options;
    uint64_t epoch;
    unsigned bits;   /* the first bits of a key that number its bin */
    uint64_t *count; /* (members × bins) centres in a member's part of the text; then where their
                           places go */
    uint64_t *first; /* (bins + 1) centres in all bins before */
    struct example_ref *place;
    size_t place_capacity;
    uint64_t places;   /* in the slice */
    uint64_t bin, end; /* the bins of the slice; without shuffling, bin: the next position */
    uint64_t held;
    struct example_ref **scratch; /* (members) */
    size_t *scratch_capacity;
    atomic_uint_fast64_t next;
    atomic_bool failed;
    struct error error; /* of one member */
};

/* `text` is complete, and outlives the order, as does `team`. On error there is nothing to
 * release. */
int shuffle_init(struct shuffle *s, const struct sentences *text,
                 const struct shuffle_options *options, struct team *team,
                 struct error *err) MUST_USE;
void shuffle_release(struct shuffle *s);

/* Starts an epoch, from 0. */
void shuffle_start(struct shuffle *s, uint64_t epoch);

/* The next slice of the epoch: s->places of them at s->place. The first `used` of the slice before
 * are dropped, the others, options.keep at most, stand before the new ones. Returns 1, or 0 where
 * this is the last slice, or −1. */
int shuffle_next(struct shuffle *s, uint64_t used, struct error *err) MUST_USE;

/* The keys of the positions RANDOM_BLOCK · block … RANDOM_BLOCK · (block + n) − 1, n ≤
 * SHUFFLE_KEYS. */
enum { SHUFFLE_KEYS = 32 };
void shuffle_keys(uint64_t seed, uint64_t epoch, uint64_t block, uint32_t n,
                  struct random_words *key);

/* Sorts n places by key, of which the first `bits` bits are the same in all, equal keys by `at`;
 * with room for as many places. */
void shuffle_sort(struct example_ref *place, uint64_t n, unsigned bits,
                  struct example_ref *scratch);

#endif

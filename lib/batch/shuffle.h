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
struct place {
    uint64_t key, at; /* `at`: the position of the centre */
};

struct order_options {
    uint64_t seed;
    bool shuffle;      /* false: the order of the text */
    uint64_t capacity; /* places to hold at a time, at least 1 */
    uint64_t keep;     /* of them at most so many are held over from one slice to the next */
};

struct order {
    const struct sentences *text;
    struct team *team;
    struct order_options options;
    uint64_t epoch;
    unsigned bits;   /* the first bits of a key that number its bin */
    uint64_t *count; /* (members × bins) centres in a member's part of the text; then where their
                           places go */
    uint64_t *first; /* (bins + 1) centres in all bins before */
    struct place *place;
    size_t place_capacity;
    uint64_t places;   /* in the slice */
    uint64_t bin, end; /* the bins of the slice; without shuffling, bin: the next position */
    uint64_t held;
    struct place **scratch; /* (members) */
    size_t *scratch_capacity;
    atomic_uint_fast64_t next;
    atomic_bool failed;
    struct error error; /* of one member */
};

/* `text` is complete, and outlives the order, as does `team`. On error there is nothing to
 * release. */
int order_init(struct order *o, const struct sentences *text, const struct order_options *options,
               struct team *team, struct error *err) MUST_USE;
void order_release(struct order *o);

/* Starts an epoch, from 0. */
void order_start(struct order *o, uint64_t epoch);

/* The next slice of the epoch: o->places of them at o->place. The first `used` of the slice before
 * are dropped, the others, options.keep at most, stand before the new ones. Returns 1, or 0 where
 * this is the last slice, or −1. */
int order_next(struct order *o, uint64_t used, struct error *err) MUST_USE;

/* The keys of the positions RANDOM_BLOCK · block … RANDOM_BLOCK · (block + n) − 1, n ≤
 * ORDER_KEYS. */
enum { ORDER_KEYS = 32 };
void order_keys(uint64_t seed, uint64_t epoch, uint64_t block, uint32_t n,
                struct random_words *key);

/* Sorts n places by key, of which the first `bits` bits are the same in all, equal keys by `at`;
 * with room for as many places. */
void order_sort(struct place *place, uint64_t n, unsigned bits, struct place *scratch);

#endif

/* SPDX-License-Identifier: MIT */
/* shuffle.h -- the order of an epoch's examples, of text in memory.
 *
 * Two passes over the text for each slice: one counts the keys of each range, one puts the examples of
 * the slice's ranges there, to be sorted.
 */
#ifndef SGNS_SHUFFLE_H
#define SGNS_SHUFFLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/team.h"
#include "batch/sentences.h"
#include "batch/shuffle_key.h"

struct shuffle_options {
    uint64_t seed;
    bool shuffle;      /* false: the order of the text */
    uint64_t capacity; /* refs to hold at a time, at least 1 */
    uint64_t keep;     /* of them at most so many are held over from one slice to the next */
};

struct shuffle {
    const struct sentences *text;
    struct team *team;
    struct shuffle_options options;
    uint64_t epoch;
    unsigned bits;   /* the first bits of a key that number its bin */
    uint64_t *count; /* (members × bins) centres in a member's part of the text; then where their
                           refs go */
    uint64_t *first; /* (bins + 1) centres in all bins before */
    struct example_ref *ref;
    size_t ref_capacity;
    uint64_t refs;     /* in the slice */
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

/* The next slice of the epoch: s->refs of them at s->ref. The first `used` of the slice before
 * are dropped, the others, options.keep at most, stand before the new ones. Returns 1, or 0 where
 * this is the last slice, or −1. */
int shuffle_next(struct shuffle *s, uint64_t used, struct error *err) MUST_USE;

#endif

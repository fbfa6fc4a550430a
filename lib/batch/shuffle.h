/* SPDX-License-Identifier: MIT */
/* shuffle.h -- the order of an epoch's examples, for a text in memory.
 *
 * The examples of an epoch are sorted by their keys (shuffle_key.h), slice by slice. Keys are
 * divided into ranges, the bins. A pass over the text at the start of an epoch counts the
 * examples of each bin; one more pass for each slice collects the examples of the slice's bins,
 * which are then sorted.
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
    bool shuffle;      /* false: examples in the order of the text */
    uint64_t capacity; /* new refs per slice, at least 1; a bin with more refs exceeds it */
    uint64_t keep;     /* at most this many refs are carried over from one slice to the next */
};

struct shuffle {
    const struct sentences *text;
    struct team *team;
    struct shuffle_options options;
    uint64_t epoch;
    unsigned bits;   /* the first `bits` bits of a key are the index of its bin */
    uint64_t *count; /* (members × bins) examples in a member's part of the text; while a slice is
                        collected: the index in `ref` of the next one */
    uint64_t *first; /* (bins + 1) examples in all bins before */
    struct example_ref *ref;
    size_t ref_capacity;
    uint64_t refs;     /* in the slice */
    uint64_t bin, end; /* the bins bin … end − 1 of the slice; unshuffled, bin: the next position */
    uint64_t carried; /* the first refs of the slice, carried over from the slice before */
    struct example_ref **scratch; /* (members) for sorting */
    size_t *scratch_capacity;
    atomic_uint_fast64_t next; /* bin that no member has taken yet */
    atomic_bool failed;
    struct error error; /* of one member */
};

/* `text` must be complete; `text` and `team` must outlive the shuffle. On error there is nothing to
 * release. */
int shuffle_init(struct shuffle *s, const struct sentences *text,
                 const struct shuffle_options *options, struct team *team,
                 struct error *err) MUST_USE;
void shuffle_release(struct shuffle *s);

/* Starts an epoch; epochs are numbered from 0. */
void shuffle_start(struct shuffle *s, uint64_t epoch);

/* Makes the next slice of the epoch, as order_next() (order.h): s->refs refs at s->ref. */
int shuffle_next(struct shuffle *s, uint64_t used, struct error *err) MUST_USE;

#endif

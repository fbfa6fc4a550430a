/* SPDX-License-Identifier: MIT */
/* external_shuffle.h -- the order of an epoch's examples, of sentences in a file: the same as shuffle.h's.
 *
 * One pass over the sentences packs each centre and its context words as an item, and scatters the
 * items to buckets by the first bits of their keys, through a temporary file. A bucket fits the
 * memory there is: it is loaded and sorted, one after the other. Without shuffling the items come
 * straight from the pass. Where there are more items than buckets of such a size can hold, a bucket
 * is read several times, for a part of its keys each time.
 */
#ifndef SGNS_EXTERNAL_SHUFFLE_H
#define SGNS_EXTERNAL_SHUFFLE_H

#include <stdatomic.h>

#include "base/spool.h"
#include "base/team.h"
#include "batch/examples.h"
#include "batch/sentences.h"
#include "batch/shuffle.h"

struct external_shuffle_options {
    uint64_t memory; /* bytes, of which buckets and slices take nearly all */
    uint64_t keep;   /* refs that are held over from one slice to the next, at most */
};

struct bucket {
    uint8_t *waiting; /* items that are still to go to the file */
    size_t waiting_size;
    uint64_t items, size;  /* of all its items, also those in the file */
    struct extent *extent; /* where in the file they are */
    size_t extents, extents_capacity;
};

struct extent {
    uint64_t offset;
    size_t size;
};

/* A thread's share of a chunk of the text. */
struct packed_chunk {
    uint8_t *items;
    size_t size;
};

struct external_shuffle {
    const struct examples *from;
    const struct sentences *text;
    struct team *team;
    struct external_shuffle_options options;
    uint64_t epoch;
    /* the pass over the text */
    uint64_t position;          /* where it stands */
    uint32_t positions;         /* in a chunk */
    uint32_t margin;            /* ids before and behind what is read of the text */
    uint8_t *ids;               /* a chunk for each thread, and a margin on each side */
    struct packed_chunk *chunk; /* (members) */
    atomic_uint next;
    /* buckets */
    struct spool file;
    unsigned bits; /* the first bits of a key that number its bucket */
    struct bucket *bucket;
    size_t waiting_size; /* that a bucket has room for */
    uint64_t at;         /* the bucket that is being read, and its part */
    uint64_t part, parts;
    /* the slice */
    uint8_t *items;
    size_t items_size, items_capacity;
    struct example_ref *ref, *unsorted;
    uint64_t refs;
    size_t ref_capacity, unsorted_capacity;
    uint64_t *run; /* (RUNS + 1) where the refs with a digit start */
};

/* `text` is in a file and complete, and outlives the scatter, as do `from` and `team`. On error there
 * is nothing to release. */
int external_shuffle_init(struct external_shuffle *s, const struct examples *from,
                          const struct sentences *text,
                          const struct external_shuffle_options *options, struct team *team,
                          struct error *err) MUST_USE;
void external_shuffle_release(struct external_shuffle *s);

/* Starts an epoch, from 0. */
int external_shuffle_start(struct external_shuffle *s, uint64_t epoch, struct error *err) MUST_USE;

/* The next slice, as of shuffle_next: s->refs of them at s->ref, whose items stand at s->items. */
int external_shuffle_next(struct external_shuffle *s, uint64_t used, struct error *err) MUST_USE;

#endif

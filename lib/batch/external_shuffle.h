/* SPDX-License-Identifier: MIT */
/* external_shuffle.h -- the order of an epoch's examples, for a text in a file or for examples that
 * were given: that of shuffle.h.
 *
 * An external bucket sort. One pass (example_pass.h) packs all examples and distributes them to
 * buckets, by the first bits of their keys, through a temporary file. Then one bucket after the
 * other is loaded into memory and sorted. If there are so many examples that a bucket does not fit
 * in memory, it is read several times, each time for a part of its keys. Without shuffling the
 * examples come directly from the pass.
 */
#ifndef SGNS_EXTERNAL_SHUFFLE_H
#define SGNS_EXTERNAL_SHUFFLE_H

#include <stdatomic.h>

#include "base/spool.h"
#include "base/team.h"
#include "batch/example_pass.h"
#include "batch/examples.h"
#include "batch/shuffle.h"

struct external_shuffle_options {
    uint64_t memory; /* bytes; buckets and slices take nearly all of them */
    uint64_t keep;   /* at most this many refs are carried over from one slice to the next */
    /* Called from time to time with the tokens of the text that the pass over it has packed. NULL:
     * never called. */
    void (*progress)(void *data, uint64_t tokens);
    void *data;
};

struct bucket {
    uint8_t *buffer;         /* examples that are not written to the file yet */
    size_t buffered;         /* bytes in `buffer` */
    uint64_t examples, size; /* number and bytes of all its examples, including those in the file */
    struct extent *extent;   /* (extents) its parts of the file */
    size_t extents, extents_capacity;
};

struct extent {
    uint64_t offset;
    size_t size;
};

struct external_shuffle {
    const struct examples *from;
    struct team *team;
    struct external_shuffle_options options;
    struct example_pass pass;
    atomic_uint next; /* run that no thread has taken yet */
    /* buckets */
    struct spool file;
    unsigned bits; /* the first `bits` bits of a key are the index of its bucket */
    struct bucket *bucket;
    size_t buffer_capacity; /* of each bucket, in bytes */
    uint64_t current;       /* the bucket that is being read, and which of its parts is next */
    uint64_t part, parts;
    /* the slice */
    uint8_t *packed;
    size_t packed_size, packed_capacity;
    struct example_ref *ref, *unsorted; /* `at`: byte offset in `packed` */
    uint64_t refs;
    size_t ref_capacity, unsorted_capacity;
    uint64_t *run; /* (RUNS + 1) index in `ref` of the first ref of each run */
};

/* A text must be in a file; the source must be complete; `from`, the source and `team` must outlive
 * the shuffle. On error there is nothing to release. */
int external_shuffle_init(struct external_shuffle *s, const struct examples *from,
                          const struct example_source *source,
                          const struct external_shuffle_options *options, struct team *team,
                          struct error *err) MUST_USE;
void external_shuffle_release(struct external_shuffle *s);

/* Starts an epoch; epochs are numbered from 0. */
int external_shuffle_start(struct external_shuffle *s, uint64_t epoch, struct error *err) MUST_USE;

/* Makes the next slice, as shuffle_next does: s->refs refs at s->ref, of examples in s->packed. */
int external_shuffle_next(struct external_shuffle *s, uint64_t used, struct error *err) MUST_USE;

#endif

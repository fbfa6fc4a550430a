/* SPDX-License-Identifier: MIT */
/* external_shuffle.h -- the order of an epoch's examples, for a text in a file: that of shuffle.h.
 *
 * An external bucket sort. One pass over the text packs each centre word with its context words
 * (examples.h) and distributes these packed examples to buckets, by the first bits of their keys,
 * through a temporary file. Then one bucket after the other is loaded into memory and sorted. If
 * there are so many examples that a bucket does not fit in memory, it is read several times, each
 * time for a part of its keys. Without shuffling the examples come directly from the pass over
 * the text.
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

/* The packed examples of a part of the text, made by one thread. */
struct packed_chunk {
    uint8_t *packed;
    size_t size; /* in bytes */
};

struct external_shuffle {
    const struct examples *from;
    const struct sentences *text;
    struct team *team;
    struct external_shuffle_options options;
    uint64_t epoch;
    /* the pass over the text */
    uint64_t position;          /* the next one to be packed */
    uint32_t positions;         /* per chunk */
    uint32_t margin;            /* ids read before the first and after the last chunk */
    uint8_t *ids;               /* those of a chunk per thread, and a margin on each side */
    struct packed_chunk *chunk; /* (members) */
    atomic_uint next;           /* chunk, or run, that no member has taken yet */
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

/* `text` must be in a file and complete; `from`, `text` and `team` must outlive the shuffle. On
 * error there is nothing to release. */
int external_shuffle_init(struct external_shuffle *s, const struct examples *from,
                          const struct sentences *text,
                          const struct external_shuffle_options *options, struct team *team,
                          struct error *err) MUST_USE;
void external_shuffle_release(struct external_shuffle *s);

/* Starts an epoch; epochs are numbered from 0. */
int external_shuffle_start(struct external_shuffle *s, uint64_t epoch, struct error *err) MUST_USE;

/* Makes the next slice, as shuffle_next does: s->refs refs at s->ref, of examples in s->packed. */
int external_shuffle_next(struct external_shuffle *s, uint64_t used, struct error *err) MUST_USE;

#endif

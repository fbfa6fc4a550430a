/* SPDX-License-Identifier: MIT */
/* order.h -- the epoch order: the order of an epoch's examples, shuffled or not, slice by slice.
 *
 * A slice is the part of the order that is in memory at one time; a ref (shuffle_key.h) stands for
 * one of its examples. Examples at the end of a slice that do not fill a unit of minibatches
 * (batcher.h) are kept: they become the beginning of the next slice.
 *
 * The order depends on the seed and the epoch alone. Whether the source is a text in memory
 * (shuffle.h) or anything else (external_shuffle.h), the memory available and the number of threads
 * only change the size of the slices.
 */
#ifndef SGNS_ORDER_H
#define SGNS_ORDER_H

#include "base/team.h"
#include "batch/examples.h"
#include "batch/external_shuffle.h"
#include "batch/shuffle.h"

struct order_options {
    uint64_t memory; /* bytes, for the source in memory and for the order */
    uint64_t keep;   /* at most this many examples are carried over from one slice to the next */
    /* Called by order_start for a text in a file: see external_shuffle.h. */
    void (*progress)(void *data, uint64_t tokens);
    void *data;
};

struct order {
    const struct examples *from;
    struct example_source source;
    bool in_text; /* in_memory is used, else in_file */
    struct shuffle in_memory;
    struct external_shuffle in_file;
    const struct example_ref *ref; /* (refs) the slice */
    uint64_t refs;
};

/* The part of `memory` that a source in memory may take; a larger one is in a temporary file. */
static inline uint64_t order_source_limit(uint64_t memory)
{
    return memory / 2;
}

/* The source must be complete; `from`, the source and `team` must outlive the order. On error there
 * is nothing to release. */
int order_init(struct order *order, const struct examples *from,
               const struct example_source *source, const struct order_options *options,
               struct team *team, struct error *err) MUST_USE;
void order_release(struct order *order);

/* Starts an epoch; epochs are numbered from 0. */
int order_start(struct order *order, uint64_t epoch, struct error *err) MUST_USE;

/* Makes the next slice of the epoch: order->refs refs at order->ref. Of the slice before, the
 * first `used` examples are dropped; the others, at most options.keep, come first in the new
 * slice. Returns 1 if more slices follow, or 0 if
 * this slice, which is valid, is the last one, or -1. */
int order_next(struct order *order, uint64_t used, struct error *err) MUST_USE;

/* How many of the first `n` examples of the slice from `ref` on, at least one, fit in a record.
 * *size becomes the size in bytes of the buffer for it. */
uint32_t order_fit(const struct order *order, const struct example_ref *ref, uint32_t n,
                   size_t *size);

/* Adds `n` examples of the slice to a draft. */
void order_draft(const struct order *order, struct draft *draft, const struct example_ref *ref,
                 uint32_t n);

#endif

/* SPDX-License-Identifier: MIT */
/* order.h -- the order of an epoch's examples, shuffled or not, slice by slice.
 *
 * The order depends on the seed and the epoch alone. Whether the text is in memory (shuffle.h) or in a
 * temporary file (external_shuffle.h), how much memory there is, and how many threads, only decides how
 * large the slices are.
 */
#ifndef SGNS_ORDER_H
#define SGNS_ORDER_H

#include "base/team.h"
#include "batch/examples.h"
#include "batch/external_shuffle.h"
#include "batch/sentences.h"
#include "batch/shuffle.h"

struct order_options {
    uint64_t memory; /* bytes, for text in memory and for the order */
    uint64_t keep;   /* examples that are held over from one slice to the next, at most */
};

struct order {
    const struct sentences *text;
    struct shuffle in_memory;
    struct external_shuffle in_file;
    const struct example_ref *ref; /* (refs) the slice */
    uint64_t refs;
};

/* The share of `memory` that text in memory may take; a longer text goes to a file. */
static inline uint64_t order_text_limit(uint64_t memory)
{
    return memory / 2;
}

/* `from`, `text`, which is complete, and `team` outlive the order. On error there is nothing to
 * release. */
int order_init(struct order *order, const struct examples *from, const struct sentences *text,
               const struct order_options *options, struct team *team, struct error *err) MUST_USE;
void order_release(struct order *order);

/* Starts an epoch, from 0. */
int order_start(struct order *order, uint64_t epoch, struct error *err) MUST_USE;

/* The next slice of the epoch. The first `used` examples of the slice before are dropped; the others,
 * options.keep at most, come before the new ones. Returns 1, or 0 for the last slice, or −1. */
int order_next(struct order *order, uint64_t used, struct error *err) MUST_USE;

/* Adds n examples of the slice to a draft. */
void order_draft(const struct order *order, struct draft *draft, const struct example_ref *ref,
                 uint32_t n);

#endif

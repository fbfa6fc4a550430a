/* SPDX-License-Identifier: MIT */
/* pair_counter.h -- counts pairs exactly, in bounded memory, with several threads.
 *
 * Every thread counts the pairs of its own part, chosen by their hash, in a hash table. A table
 * that would exceed its share of the memory is sorted and spilled to a temporary file, as a run; at
 * the end the runs are merged. So the counts depend on neither the threads nor the memory.
 */
#ifndef SGNS_PAIR_COUNTER_H
#define SGNS_PAIR_COUNTER_H

#include <stdbool.h>

#include "base/spool.h"
#include "base/team.h"
#include "text/pair_map.h"

struct pair_count {
    uint64_t pair, count;
};

/* The pairs of one thread. */
struct pair_part {
    struct pair_count *slot; /* (mask + 1) a hash table; pair NO_PAIR: free */
    size_t mask, used;
    struct spool file;
    bool spilled; /* `file` is open */
    struct pair_run *run;
    size_t runs, run_capacity;
    bool failed;
    struct error error;
};

struct pair_counter {
    struct team *team;
    struct pair_secret secret;
    uint64_t limit;         /* bytes per part */
    struct pair_part *part; /* (parts) */
    unsigned parts;
    const uint64_t *pair; /* (pairs) that are being counted */
    size_t pairs;
};

/* `memory` is in bytes; `team` must outlive the counter. On error there is nothing to release. */
int pair_counter_init(struct pair_counter *c, struct team *team, uint64_t memory,
                      struct error *err) MUST_USE;
void pair_counter_release(struct pair_counter *c);

/* Counts pairs: pair (n). */
int pair_counter_add(struct pair_counter *c, const uint64_t *pair, size_t n,
                     struct error *err) MUST_USE;

/* Calls `visit` for every pair, in no particular order, and forgets them all. Stops if it returns
 * -1. */
int pair_counter_take(struct pair_counter *c,
                      int (*visit)(void *data, const struct pair_count *pair, struct error *err),
                      void *data, struct error *err) MUST_USE;

#endif

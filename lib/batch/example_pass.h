/* SPDX-License-Identifier: MIT */
/* example_pass.h -- a pass over all examples in the order of their positions, which packs them for
 * a temporary file (examples.h).
 *
 * Examples come from the sentences of a corpus in a temporary file, or from a store.
 */
#ifndef SGNS_EXAMPLE_PASS_H
#define SGNS_EXAMPLE_PASS_H

#include <stdatomic.h>

#include "base/team.h"
#include "batch/example_store.h"
#include "batch/examples.h"
#include "batch/sentences.h"

/* What examples are made from: one of the two is NULL. */
struct example_source {
    const struct sentences *text;
    const struct example_store *given;
};

/* The number of examples. */
uint64_t source_examples(const struct example_source *source);
/* The number of positions: for sentences, their tokens and marks. */
uint64_t source_positions(const struct example_source *source);
/* The number of context and noise words in all of them; for sentences an estimate. */
uint64_t source_words(const struct example_source *source, const struct examples *e);
/* The size in bytes of all packed examples, for sentences an estimate; and the maximum size of
 * one. */
double source_packed_size(const struct example_source *source, const struct examples *e);
size_t source_packed_size_max(const struct example_source *source, const struct examples *e);

/* Packed examples of consecutive positions. */
struct packed_chunk {
    uint8_t *packed;
    size_t size, capacity; /* in bytes */
};

struct example_pass {
    const struct examples *from;
    struct example_source source;
    struct team *team;
    uint64_t epoch;
    struct packed_chunk *chunk; /* (chunks) the latest ones, in order */
    unsigned chunks;
    uint64_t position; /* the next one to be packed */
    /* sentences */
    uint32_t positions; /* per chunk */
    uint32_t margin;    /* ids read before the first and after the last chunk */
    uint8_t *ids;       /* those of all chunks, and a margin on each side */
    atomic_uint next;   /* chunk that no thread has taken yet */
    /* a store */
    uint64_t at; /* index of the next number in the store */
    uint32_t *buffer;
    size_t capacity;
};

/* A text must be in a file; `from`, the source and `team` must outlive the pass. On error there is
 * nothing to release. */
int example_pass_init(struct example_pass *p, const struct examples *from,
                      const struct example_source *source, struct team *team,
                      struct error *err) MUST_USE;
void example_pass_release(struct example_pass *p);

/* Starts a pass for an epoch; epochs are numbered from 0. */
void example_pass_start(struct example_pass *p, uint64_t epoch);

/* Packs the examples of the next positions. Returns 1, or 0 at the end, or -1. */
int example_pass_next(struct example_pass *p, struct error *err) MUST_USE;

#endif

/* SPDX-License-Identifier: MIT */
/* examples.h -- training examples from a corpus: centre, context and noise words.
 *
 * No example is stored. An example is drawn from the position of its centre word, so that it can be
 * made at any time, in any order, by any thread: frozen examples are the same in every epoch, fresh
 * ones have the epoch in their random key as well.
 *
 * Examples are made straight into an EXAMPLES record (FORMAT.md, section 6): first the centres and
 * context words of all of them, then their noise words.
 */
#ifndef SGNS_EXAMPLES_H
#define SGNS_EXAMPLES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/alias_table.h"
#include "batch/sentences.h"
#include "batch/shuffle_key.h"
#include "stream/vocab.h"

struct examples_options {
    uint32_t window;       /* the widest; each centre draws its own from 1 to this */
    uint32_t negatives;    /* noise words per context word */
    double noise_exponent; /* of the counts */
    bool fresh;            /* windows and noise drawn anew in every epoch */
    bool shuffle;
    uint64_t seed;
    bool shared_noise; /* `negatives` per centre word, whatever the number of its context words */
};

/* What examples are drawn from, the corpus apart. Not changed by drawing: threads may share it. */
struct examples {
    struct examples_options options;
    uint32_t words;
    unsigned width; /* of an id, in bytes */
    double *weight; /* of each word as noise, by id; <unk> has none */
    struct alias_table noise;
    uint32_t noise_words; /* words that can be drawn */
};

int examples_init(struct examples *e, const struct examples_options *options,
                  const struct vocab *vocab, struct error *err) MUST_USE;
void examples_release(struct examples *e);

/* Noise words of so many centres with so many context words in all. */
static inline uint64_t examples_noise(const struct examples *e, uint64_t centres, uint64_t contexts)
{
    return e->options.negatives * (e->options.shared_noise ? centres : contexts);
}

enum { NEAR = 2048 };

/* A record in the making. One thread at a time; all zero is one that holds no memory. */
struct draft {
    const struct examples *from;
    uint64_t epoch;
    uint8_t *record;
    uint32_t examples, capacity;
    uint64_t contexts;  /* words so far */
    uint64_t *position; /* (capacity) of the centres */
    size_t position_capacity;
    uint8_t near[NEAR]; /* scratch of drawing noise: all zero between examples */
};

/* Bytes that a record of `n` examples has at most, with room to write beyond its end. */
size_t examples_record_size(const struct examples *e, uint32_t n);

/* Starts a record of `n` examples of an epoch in `record`, of examples_record_size(n) bytes. */
int draft_start(struct draft *draft, const struct examples *from, uint64_t epoch, uint32_t n,
                uint8_t *record, struct error *err) MUST_USE;
void draft_release(struct draft *draft);

/* Adds the examples whose centres are at these positions, n of them, of a text in memory. */
void draft_add(struct draft *draft, const struct sentences *text, const struct example_ref *ref,
               uint32_t n);

/* An example without its noise words, packed for a temporary file: key, position, the number of
 * context words, centre, context words. Its size, at most, and that of the one at `item`. */
size_t packed_example_size_max(const struct examples *e);
size_t packed_example_size(const struct examples *e, const uint8_t *item);
uint64_t packed_example_key(const uint8_t *item);

/* Packs the examples of n positions from `position` on, whose ids stand at `ids`, in a row. With
 * SENTENCES_MARGIN ids or the widest window, whichever is more, before and behind them. Marks give
 * none. Without shuffling all keys are 0. Returns the size of all. */
size_t examples_pack(const struct examples *e, uint64_t epoch, const uint8_t *ids,
                     uint64_t position, uint32_t n, uint8_t *items);

/* Adds the examples of items: ref[i].at is their offset in `items`. */
void draft_add_packed(struct draft *draft, const uint8_t *items, const struct example_ref *ref,
                      uint32_t n);

/* Draws the noise words. The record is then complete, `more` or not to follow in its minibatch;
 * returns its size, or 0 and an error of status 3 where the vocabulary has no noise word for an
 * example. */
size_t draft_finish(struct draft *draft, bool more, struct error *err) MUST_USE;

#endif

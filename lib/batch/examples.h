/* SPDX-License-Identifier: MIT */
/* examples.h -- training examples: centre, context and noise words.
 *
 * Examples of a corpus are not stored. The random numbers of an example depend on the position of
 * its centre word, so that it can be made at any time, in any order, by any thread. Frozen examples
 * are the same in every epoch; the random numbers of fresh ones depend on the epoch as well.
 *
 * Examples that were given (example_store.h) have a position, too: their index. Only the noise
 * words of those that came without are drawn.
 *
 * Examples are written directly into an EXAMPLES record (FORMAT.md, section 6): first the centre
 * and context words of all of them, then their noise words.
 */
#ifndef SGNS_EXAMPLES_H
#define SGNS_EXAMPLES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/alias_table.h"
#include "batch/example_store.h"
#include "batch/sentences.h"
#include "batch/shuffle_key.h"
#include "stream/vocab.h"

struct examples_options {
    uint32_t window;       /* the maximum; each centre word draws its window from 1 to this */
    uint32_t negatives;    /* noise words per context word */
    double noise_exponent; /* a word's noise weight is its count to this power */
    bool fresh;            /* draw windows and noise words anew in every epoch */
    bool shuffle;
    uint64_t seed;
    bool shared_noise; /* `negatives` noise words per centre word instead of per context word */
};

/* All that examples are drawn from, except the corpus. Drawing does not change it: threads may
 * share it. */
struct examples {
    struct examples_options options;
    uint32_t words;
    unsigned width; /* bytes per id */
    double *weight; /* (words) noise weight of each word; that of <unk> is 0 */
    struct alias_table noise;
    uint32_t noise_words; /* words with a positive weight */
};

/* Computes the noise weights of the vocabulary. On error there is nothing to release. */
int examples_init(struct examples *e, const struct examples_options *options,
                  const struct vocab *vocab, struct error *err) MUST_USE;
void examples_release(struct examples *e);

/* The number of noise words, at most, of `centres` examples that have `contexts` context words in
 * all. */
static inline uint64_t examples_noise(const struct examples *e, uint64_t centres, uint64_t contexts)
{
    return e->options.negatives * (e->options.shared_noise ? centres : contexts);
}

/* Entries of a small filter: the context words of an example are marked at id % CONTEXT_MARKS. */
enum { CONTEXT_MARKS = 2048 };

/* An example of a draft. */
struct drafted {
    uint64_t position;
    const uint8_t *noise; /* (given) its noise words if they were given, else NULL */
    uint32_t given;
};

/* An unfinished record. One thread uses it at a time. Initialise with zeros. */
struct draft {
    const struct examples *from;
    uint64_t epoch;
    uint8_t *record;
    uint32_t examples, capacity; /* added so far; that the finished record will have */
    uint64_t contexts;           /* context words so far */
    uint64_t noise;              /* noise words, by draft_finish() */
    uint64_t without_noise;      /* examples whose context words are all possible noise words */
    struct drafted *drafted;     /* (examples) */
    size_t drafted_capacity;
    uint8_t context_mark[CONTEXT_MARKS]; /* scratch for drawing noise: all zero between examples */
};

/* The size in bytes of the buffer that a record of `n` examples needs: the record at its largest,
 * and a few bytes beyond it that are overwritten while it is made. */
size_t examples_record_size(const struct examples *e, uint32_t n);

/* Starts a record of `n` examples of an epoch in `record`, a buffer of examples_record_size(n)
 * bytes that stays the caller's. */
int draft_start(struct draft *draft, const struct examples *from, uint64_t epoch, uint32_t n,
                uint8_t *record, struct error *err) MUST_USE;
void draft_release(struct draft *draft);

/* Adds the `n` examples whose centre words have the positions ref[i].at in a text in memory. */
void draft_add(struct draft *draft, const struct sentences *text, const struct example_ref *ref,
               uint32_t n);

/* A packed example, for a temporary file: key, position, example_numbers(), centre word, context
 * words, noise words that were given. */
enum { PACKED_IDS = 20 /* bytes before the ids */ };

/* The size in bytes of a packed example with `ids` ids. */
static inline size_t packed_size(const struct examples *e, uint32_t ids)
{
    return PACKED_IDS + (size_t)ids * e->width;
}

/* These return the maximum size in bytes of a packed example of sentences, the size of the example
 * at `packed`, and its key. */
size_t packed_example_size_max(const struct examples *e);
size_t packed_example_size(const struct examples *e, const uint8_t *packed);
uint64_t packed_example_key(const uint8_t *packed);

/* Packs the examples of the `n` positions from `position` on, one after the other, into `packed`,
 * which has room for n of the maximum size. ids[0] is the id at `position`; before the first and
 * after the last of the n ids there must be as many further ids as the maximum window, and at
 * least SENTENCES_MARGIN. Sentence marks make no example. Without shuffling all keys are 0.
 * Returns the size of all in bytes. */
size_t examples_pack(const struct examples *e, uint64_t epoch, const uint8_t *ids,
                     uint64_t position, uint32_t n, uint8_t *packed);

/* The same for `n` examples in a store, from `stored` on; the first one has the position
 * `position`. `new_id` is that of the store. `packed` has room for them. */
size_t examples_pack_stored(const struct examples *e, uint64_t epoch, const uint32_t *stored,
                            const uint32_t *new_id, uint64_t position, uint32_t n, uint8_t *packed);

/* How many of the first `n` packed examples, at least one, fit in a record, at ref[i].at in
 * `packed`. *size becomes the size in bytes of the buffer for it. */
uint32_t packed_examples_fit(const struct examples *e, const uint8_t *packed,
                             const struct example_ref *ref, uint32_t n, size_t *size);

/* Adds `n` packed examples: ref[i].at is the byte offset of example i in `packed`, which must not
 * change until the draft is finished. */
void draft_add_packed(struct draft *draft, const uint8_t *packed, const struct example_ref *ref,
                      uint32_t n);

/* Draws the noise words and completes the record. `more`: another record of its minibatch
 * follows. An example gets no noise words if all words with a noise weight are among its context
 * words. Returns the size of the record in bytes, or 0 on error: status 3 if there are fewer than
 * two words with a noise weight, so that no example could have noise words. */
size_t draft_finish(struct draft *draft, bool more, struct error *err) MUST_USE;

#endif

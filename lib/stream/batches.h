/* SPDX-License-Identifier: MIT */
/* batches.h -- minibatches of training examples: batch streams.
 *
 * An example is a centre word, its context words and its noise words. Examples are ragged: each has
 * as many words as it has, and no padding.
 */
#ifndef SGNS_BATCHES_H
#define SGNS_BATCHES_H

#include <stdbool.h>
#include <stdint.h>

#include "stream/header.h"

/* Arrays grow as needed; all zero is an empty one. Example i has `contexts[i]` context words and
 * then its noise words at word[first[i]] … word[first[i + 1] − 1]. */
struct minibatch {
    uint32_t examples;
    uint32_t *centre;   /* (examples) */
    uint32_t *contexts; /* (examples) */
    uint32_t *first;    /* (examples + 1) */
    uint32_t *word;     /* (first[examples]) */
    size_t centre_capacity, contexts_capacity, first_capacity, word_capacity;
};

void minibatch_release(struct minibatch *batch);

static inline uint32_t minibatch_words(const struct minibatch *batch)
{
    return batch->examples ? batch->first[batch->examples] : 0;
}

struct batches_shape {
    uint32_t batch_size;
    uint32_t epochs;
    uint64_t examples; /* in one epoch */
};

enum {
    BATCH_SIZE_MAX = 1 << 20, /* examples in a minibatch */
    BATCH_WORDS_MAX = 1 << 28 /* context and noise words in a minibatch */
};

/* Whether a stream may have it (FORMAT.md, section 5). */
bool batches_shape_valid(const struct batches_shape *shape);

/* Minibatches in one epoch, and in all. */
uint64_t batches_per_epoch(const struct batches_shape *shape);
uint64_t batches_in_all(const struct batches_shape *shape);

struct batches_totals {
    uint64_t examples, contexts, noise; /* of all epochs */
};

/* ---- reading ---- */

struct batches_reader {
    struct stream_reader *stream;
    struct header header;
    struct batches_shape shape;
    uint64_t batches;             /* read so far */
    struct batches_totals totals; /* read so far; at the end verified against END */
    uint32_t *counts;             /* (2 · examples of a record) of context, then of noise words */
    uint32_t *id;                 /* of a record: centres, contexts, noise */
    size_t counts_capacity, id_capacity;
};

/* Reads preamble and header. `name` must outlive the reader. On error there is nothing to close. */
int batches_reader_open(struct batches_reader *reader, int fd, const char *name,
                        struct error *err) MUST_USE;
/* The same over a stream that was opened already; takes it over, also on error. */
int batches_reader_attach(struct batches_reader *reader, struct stream_reader *stream,
                          struct error *err) MUST_USE;
void batches_reader_close(struct batches_reader *reader);

/* The next minibatch, every id checked. Returns 1, or 0 at the verified end, or -1. */
int batches_read(struct batches_reader *reader, struct minibatch *batch,
                 struct error *err) MUST_USE;

/* ---- writing ---- */

struct batches_writer {
    struct stream_writer *stream;
    struct batches_totals totals; /* written so far */
};

/* Writes preamble and header. On error there is nothing to close. */
int batches_writer_open(struct batches_writer *writer, int fd, const char *name,
                        const struct header *header, const struct batches_shape *shape,
                        struct error *err) MUST_USE;
/* Appends a packed frame of EXAMPLES records, which have these totals. */
int batches_write(struct batches_writer *writer, const struct stream_frame *frame,
                  const struct batches_totals *totals, struct error *err) MUST_USE;
int batches_writer_finish(struct batches_writer *writer, struct error *err) MUST_USE;
void batches_writer_close(struct batches_writer *writer);

#endif

/* SPDX-License-Identifier: MIT */
/* batches.h -- batches streams: minibatches of training examples.
 *
 * An example is a centre word, its context words and its noise words. The number of words differs
 * from example to example; there is no padding.
 */
#ifndef SGNS_BATCHES_H
#define SGNS_BATCHES_H

#include <stdbool.h>
#include <stdint.h>

#include "stream/header.h"

/* All fields zero: an empty minibatch; arrays grow as needed. The context and noise words of
 * example i are word[first[i]] … word[first[i + 1] − 1]; the first `contexts[i]` are its context
 * words. */
struct minibatch {
    uint32_t examples;
    uint32_t *centre;   /* (examples) ids */
    uint32_t *contexts; /* (examples) numbers of context words */
    uint32_t *first;    /* (examples + 1) indices into word */
    uint32_t *word;     /* (first[examples]) ids */
    size_t centre_capacity, contexts_capacity, first_capacity, word_capacity;
};

void minibatch_release(struct minibatch *batch);

/* The number of context and noise words of all examples. */
static inline uint32_t minibatch_words(const struct minibatch *batch)
{
    return batch->examples ? batch->first[batch->examples] : 0;
}

struct batches_shape {
    uint32_t batch_size; /* examples in a minibatch, except the last one of an epoch */
    uint32_t epochs;
    uint64_t examples; /* in one epoch */
};

enum {
    BATCH_SIZE_MAX = 1 << 20, /* examples in a minibatch */
    BATCH_WORDS_MAX = 1 << 28 /* context and noise words in a minibatch */
};

/* Whether FORMAT.md, section 5, permits this shape. */
bool batches_shape_valid(const struct batches_shape *shape);

/* The number of minibatches in one epoch, and in all epochs. */
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
    struct batches_totals totals; /* read so far; verified against END at the end */
    /* Scratch for one record of n examples. */
    uint32_t *counts; /* (2 × n) numbers of context words, then of noise words */
    uint32_t *id;     /* centre words, context words, noise words */
    size_t counts_capacity, id_capacity;
};

/* Reads preamble and header. `name`, for messages, must outlive the reader. On error there is
 * nothing to close. */
int batches_reader_open(struct batches_reader *reader, int fd, const char *name,
                        struct error *err) MUST_USE;
/* The same for an open stream, of which only the preamble has been read. Takes ownership of
 * `stream`, even on error. */
int batches_reader_attach(struct batches_reader *reader, struct stream_reader *stream,
                          struct error *err) MUST_USE;
void batches_reader_close(struct batches_reader *reader);

/* Reads the next minibatch into `batch` and checks every id. Returns 1, or 0 at the verified end,
 * or -1. */
int batches_read(struct batches_reader *reader, struct minibatch *batch,
                 struct error *err) MUST_USE;

/* ---- writing ---- */

struct batches_writer {
    struct stream_writer *stream;
    struct batches_totals totals; /* written so far */
};

/* Writes preamble and header. `name`, for messages, must outlive the writer. On error there is
 * nothing to close. */
int batches_writer_open(struct batches_writer *writer, int fd, const char *name,
                        const struct header *header, const struct batches_shape *shape,
                        struct error *err) MUST_USE;
/* Appends a packed frame of EXAMPLES records; `totals` are those of these records. */
int batches_write(struct batches_writer *writer, const struct stream_frame *frame,
                  const struct batches_totals *totals, struct error *err) MUST_USE;
/* Appends END. */
int batches_writer_finish(struct batches_writer *writer, struct error *err) MUST_USE;
/* Releases the writer, finished or not; does not close the descriptor. */
void batches_writer_close(struct batches_writer *writer);

#endif

/* SPDX-License-Identifier: MIT */
/* batcher.h -- writes the minibatches of all epochs, made on a team of threads.
 *
 * The order of an epoch is divided into units, each of a few minibatches or a part of a large
 * one; the units are the same for any number of threads. A thread makes the records and the frame
 * of a unit, and the caller's thread writes the frames in order, so that the output depends on
 * nothing but the source of the examples and the options.
 */
#ifndef SGNS_BATCHER_H
#define SGNS_BATCHER_H

#include "base/team.h"
#include "batch/examples.h"
#include "batch/order.h"
#include "stream/batches.h"

struct batcher_options {
    struct batches_shape shape;
    unsigned threads; /* at least 1 */
    uint64_t memory;  /* bytes, for the source in memory and the order of an epoch */
    const char *name; /* of the input, for messages */
    /* Called from time to time, on the caller's thread. NULL: never called. */
    void (*shuffled)(
        uint64_t positions);            /* of a source that is not a text in memory, shuffled so far
                                             in all epochs */
    void (*written)(uint64_t examples); /* so far in all epochs; also before the first */
};

/* The maximum number of threads by default: a pipe cannot carry what more threads produce. */
enum { BATCHER_THREADS = 8 };

/* Writes all minibatches; the caller writes the header before this call and END after it.
 * *without_noise is the number of examples, in all epochs, whose context words include every
 * possible noise word, so that they have none. A vocabulary in which no example can have noise
 * words, or a minibatch that is too large for a stream, is an error of status 3. */
int batcher_run(const struct batcher_options *options, const struct examples *examples,
                const struct example_source *source, struct batches_writer *writer,
                uint64_t *without_noise, struct error *err) MUST_USE;

#endif

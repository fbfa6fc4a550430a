/* SPDX-License-Identifier: MIT */
/* batcher.h -- writes the minibatches of all epochs, made on a team of threads.
 *
 * The order of an epoch is cut into units, of a few minibatches or of a piece of a large one, the
 * same for any number of threads. A thread makes a unit, records and frame, and the caller's thread
 * writes the frames in order, so that what comes out depends on nothing but corpus and options.
 */
#ifndef SGNS_BATCHER_H
#define SGNS_BATCHER_H

#include "base/team.h"
#include "batch/examples.h"
#include "batch/order.h"
#include "batch/sentences.h"
#include "stream/batches.h"

struct batcher_options {
    struct batches_shape shape;
    unsigned threads; /* at least 1 */
    uint64_t memory;  /* bytes, for text in memory and the order of an epoch */
    const char *name; /* of the input, for messages */
};

/* Threads that are worth having by default: those that make as much as a pipe carries. */
enum { BATCHER_THREADS = 8 };

/* Writes them, behind the header. An error of status 3 where an example has no noise word, or a
 * minibatch would be too large for a stream. */
int batcher_run(const struct batcher_options *options, const struct examples *examples,
                const struct sentences *text, struct batches_writer *writer,
                struct error *err) MUST_USE;

#endif

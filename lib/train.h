/* SPDX-License-Identifier: MIT */
/* train.h -- training as a fold over a stream of minibatches: one pass, bounded memory. */
#ifndef SGNS_TRAIN_H
#define SGNS_TRAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "batches.h"
#include "trainer.h"

/* Where training stands after a step. Losses are per example, as the book has them: an example's
 * loss is the mean over its words. */
struct train_state {
    uint64_t step, steps; /* done, and in all */
    uint32_t epoch;       /* of the latest step, from 1 */
    bool epoch_done;      /* the latest step was its last */
    double loss;          /* mean over the latest minibatch */
    double epoch_loss;    /* mean over the current epoch so far */
    double total_loss;    /* mean over all epochs so far */
    uint64_t examples;    /* seen in all epochs so far */
    double seconds;       /* since training began */
};

/* Trains on all minibatches of `in`, and calls after_step(data, state) behind each. The stream is
 * verified to its END. A loss that is not finite is an error of status 5. */
int train(struct batches_reader *in, struct trainer *trainer,
          void (*after_step)(void *data, const struct train_state *state), void *data,
          struct error *err) MUST_USE;

/* Writes V as a complete vectors stream with this head. Vectors that are not finite are an error of
 * status 5. */
int train_write(struct trainer *trainer, int fd, const char *name, const struct head *head,
                uint32_t dim, struct error *err) MUST_USE;

#endif

/* SPDX-License-Identifier: MIT */
/* training.h -- training as a fold over a stream of minibatches: one pass, bounded memory. */
#ifndef SGNS_TRAINING_H
#define SGNS_TRAINING_H

#include <stdbool.h>
#include <stdint.h>

#include "stream/batches.h"
#include "train/evaluation.h"
#include "train/trainer.h"

/* Where training stands after a step. Losses are per example, as the book has them: an example's
 * loss is the mean over its words. */
struct train_state {
    uint64_t step, steps; /* done, and in all */
    uint32_t epoch;       /* of the latest step, from 1 */
    bool epoch_done;      /* the latest step was its last */
    double loss;          /* mean over the latest minibatch */
    double epoch_loss;    /* mean over the current epoch so far */
    double total_loss;    /* mean over all epochs so far */
    double evaluated;     /* mean over the held-out examples, where there are such and epoch_done */
    uint64_t examples;    /* seen since training began, or went on */
    double seconds;       /* likewise, without evaluations */
};

/* How far training is, and all that it must know to go on from there. */
struct train_progress {
    uint64_t steps, examples, epoch_examples;
    double total_loss, epoch_loss; /* sums over examples */
    uint64_t input_hash;           /* stream_hash of the input behind the latest minibatch */
};

/* Who is told, and what is evaluated behind each epoch (NULL: nothing). */
struct train_callbacks {
    void *data;
    struct evaluation *evaluation;
    void (*after_step)(void *data, const struct train_state *state);
    /* When the model stands at `progress`, also while minibatches are passed over: 0 to go on, 1 to
     * stop, −1 for an error. NULL: go on. */
    int (*between)(void *data, const struct train_progress *progress, struct error *err);
};

/* Trains on the minibatches of `in` behind the first progress->steps, which it only passes over, and
 * keeps *progress at what the model has learnt. The stream is verified to its END. Returns 0, or 1
 * when it was told to stop, or −1: status 5 for a loss that is not finite, 3 for an input that is
 * broken, or other than the one that *progress tells of. The model stands at *progress then, unless
 * the status is 4 or 5. */
int train(struct batches_reader *in, struct trainer *trainer, struct train_progress *progress,
          const struct train_callbacks *watch, struct error *err) MUST_USE;

/* Writes V, trained on all minibatches of this shape, as a complete vectors stream with this header.
 * Vectors that are not finite are an error of status 5. */
int train_write(struct trainer *trainer, int fd, const char *name, const struct header *header,
                const struct batches_shape *shape, uint32_t dim, struct error *err) MUST_USE;

/* The epoch, from 1, of a step, from 1. */
unsigned long train_epoch(const struct batches_shape *shape, uint64_t step);

#endif

/* SPDX-License-Identifier: MIT */
/* training.h -- trains a model on a stream of minibatches, in one pass and in bounded memory. */
#ifndef SGNS_TRAINING_H
#define SGNS_TRAINING_H

#include <stdbool.h>
#include <stdint.h>

#include "stream/batches.h"
#include "train/evaluation.h"
#include "train/trainer.h"

/* The state of training after a step, for reports. Losses are per example, as in the book Dive into
 * Deep Learning: the loss of an example is the mean over its words. */
struct train_state {
    uint64_t step, steps; /* done so far, and of all epochs */
    uint32_t epoch;       /* of the latest step, from 1 */
    bool epoch_done;      /* the latest step was the last one of the epoch */
    double loss;          /* mean over the latest minibatch */
    double epoch_loss;    /* mean over the current epoch so far */
    double total_loss;    /* mean over all epochs so far */
    double evaluated;     /* mean over the held-out examples, if there are any and epoch_done */
    uint64_t examples;    /* trained on since training began or resumed */
    double seconds;       /* since training began or resumed, without evaluations */
};

/* Examples per second. */
static inline double train_speed(const struct train_state *state)
{
    return state->seconds > 0 ? (double)state->examples / state->seconds : 0;
}

/* The progress of training: what is needed to resume from there. */
struct train_progress {
    uint64_t steps, examples, epoch_examples; /* epoch_examples: of the current epoch */
    double total_loss_sum, epoch_loss_sum;    /* over these examples */
    uint64_t input_hash; /* stream_hash of the input after the latest minibatch */
};

/* The caller's functions, called with `data`. */
struct train_callbacks {
    void *data;
    struct evaluation *evaluation; /* run after each epoch; NULL: none */
    void (*after_step)(void *data, const struct train_state *state);
    /* Called between steps, when the model corresponds to `progress`, and between skipped
     * minibatches. Returns 0 to continue, 1 to stop, -1 on error. NULL: continue. */
    int (*between)(void *data, const struct train_progress *progress, struct error *err);
};

/* Skips the first progress->steps minibatches of `in`, trains on the others, and updates
 * *progress. The stream is verified to its END. Returns 0, or 1 if `between` stopped it, or -1:
 * status 5 for a loss that is not finite, status 3 for an invalid input or one that does not
 * match *progress. On return the model corresponds to *progress, unless the status is 4 or 5. */
int train(struct batches_reader *in, struct trainer *trainer, struct train_progress *progress,
          const struct train_callbacks *callbacks, struct error *err) MUST_USE;

/* The epoch of a step, both numbered from 1. */
unsigned long train_epoch(const struct batches_shape *shape, uint64_t step);

#endif

/* SPDX-License-Identifier: MIT */
/* evaluation.h -- the loss on held-out minibatches, from which the model does not learn.
 *
 * They are a batch stream with the vocabulary of the training's, in a file that is read anew each
 * time, so that memory holds no more than a few minibatches of it.
 */
#ifndef SGNS_EVALUATION_H
#define SGNS_EVALUATION_H

#include <stdint.h>
#include <sys/types.h>

#include "train/trainer.h"

struct evaluation {
    int fd;
    const char *name;
    off_t start;                /* where the stream begins in the file */
    uint64_t header_hash, hash; /* stream_hash behind its header, and of all of it */
    struct minibatch *batch;    /* (at_once) */
    double *loss;               /* (at_once) */
    unsigned at_once, batches;  /* minibatches that a trainer takes; in `batch` now */
};

/* Takes the stream that `fd` stands at, whose vocabulary must be `words`, and reads it through once to
 * verify it. `fd` and `name` must outlive the evaluation. What cannot be read again is an error of
 * status 2. On error there is nothing to close. */
int evaluation_open(struct evaluation *evaluation, int fd, const char *name,
                    const struct words *words, struct error *err) MUST_USE;
void evaluation_close(struct evaluation *evaluation);

/* *loss is the mean over all examples of the stream of what the model loses on them, as it is now. The
 * model does not change; of the trainer's slots this one is used. */
int evaluation_run(struct evaluation *evaluation, struct trainer *trainer, unsigned slot,
                   double *loss, struct error *err) MUST_USE;

#endif

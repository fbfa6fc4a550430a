/* SPDX-License-Identifier: MIT */
/* evaluation.h -- the loss on held-out minibatches, on which the model is not trained.
 *
 * They are a batches stream with the vocabulary of the training input. Its file is read again for
 * each evaluation, so that memory holds only a few minibatches of it.
 */
#ifndef SGNS_EVALUATION_H
#define SGNS_EVALUATION_H

#include <stdint.h>
#include <sys/types.h>

#include "train/trainer.h"

struct evaluation {
    int fd;
    const char *name;
    off_t start;                /* byte offset of the stream in the file */
    uint64_t header_hash, hash; /* stream_hash after its header, and at its end */
    void (*progress)(uint64_t done, uint64_t all); /* see evaluation_open() */
    struct minibatch *batch;                       /* (group) */
    double *loss;                                  /* (group) */
    unsigned group;   /* the most minibatches that the trainer takes at a time */
    unsigned batches; /* minibatches in `batch` now */
};

/* Opens the stream at the file offset of `fd` and reads it once to verify it. Its vocabulary must
 * be `words`, else an error of status 3. `fd` and `name` must outlive the evaluation. A file that
 * cannot be read again, such as a pipe, is an error of status 2. Calls `progress`, unless it is
 * NULL, whenever it has read or evaluated some of all minibatches, also in evaluation_run(), and
 * before the first. On error there is nothing to close. */
int evaluation_open(struct evaluation *evaluation, int fd, const char *name,
                    const struct words *words, void (*progress)(uint64_t done, uint64_t all),
                    struct error *err) MUST_USE;
void evaluation_close(struct evaluation *evaluation);

/* *loss becomes the mean loss over all examples of the stream, by the current model, which does not
 * change. `slot` is the trainer's slot to be used. */
int evaluation_run(struct evaluation *evaluation, struct trainer *trainer, unsigned slot,
                   double *loss, struct error *err) MUST_USE;

#endif

/* SPDX-License-Identifier: MIT */
/* initial_vectors.h -- initialises a model from existing vectors, possibly from another text. */
#ifndef SGNS_INITIAL_VECTORS_H
#define SGNS_INITIAL_VECTORS_H

#include <stdbool.h>
#include <stdint.h>

#include "stream/header.h"
#include "train/trainer.h"

/* What was initialised. */
struct initial_vectors {
    uint32_t words; /* words of the vocabulary that start from existing vectors */
    bool contexts;  /* in both matrices, since the stream is a checkpoint */
};

/* Initialises each word of `header` that is also in the vectors stream `fd`, spelt the same, with
 * its vector there: its row of V and, if the stream is a checkpoint, its row of U, as of the
 * checkpoint's last minibatch. Other words and the optimiser's moments are not changed. The
 * trainer must not have done a step yet. Adds the stream's provenance to `header`. The stream is
 * verified to its END. Vectors whose dimension differs from the model's are an error of status 3.
 * After an error the trainer must not be used any more. */
int initial_vectors_read(int fd, const char *name, struct header *header,
                         const struct trainer_config *model, struct trainer *trainer,
                         struct initial_vectors *initial, struct error *err) MUST_USE;

#endif

/* SPDX-License-Identifier: MIT */
/* initial_vectors.h -- first weights from earlier vectors: training that begins with what was learnt before,
 * from another text.
 */
#ifndef SGNS_INITIAL_VECTORS_H
#define SGNS_INITIAL_VECTORS_H

#include <stdbool.h>
#include <stdint.h>

#include "stream/header.h"
#include "train/trainer.h"

/* What a model took over. */
struct initial_vectors {
    uint32_t words; /* of the vocabulary, that start from the earlier vectors */
    bool contexts;  /* in both matrices, since these were a checkpoint */
};

/* Gives each word of `header` that the vectors stream `fd` has, too, spelled alike, its vector from
 * there, in V, and where the stream is a checkpoint also in U, as it stood behind the checkpoint's
 * last minibatch. Other words, and the optimiser's moments, stay as they are in the trainer, which
 * has not learnt yet. Adds the stream's provenance to `header`. The stream is verified to its END;
 * vectors of another dimension than the model's are an error of status 3. After an error the trainer
 * is of no more use. */
int initial_vectors_read(int fd, const char *name, struct header *header,
                         const struct trainer_config *model, struct trainer *trainer,
                         struct initial_vectors *initial, struct error *err) MUST_USE;

#endif

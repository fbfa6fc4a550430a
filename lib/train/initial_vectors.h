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
    bool contexts;  /* the stream is a checkpoint, and U is initialised with its U */
};

/* Initialises each word of `header` that is also in the vectors stream, spelt the same, with its
 * vector there. If `matrix` is WEIGHTS_CENTRE, this is its row of V and, if the stream is a
 * checkpoint, also its row of U. If `matrix` is WEIGHTS_CONTEXT, it is its row of U, initialised
 * with the vectors of the stream or, if that is a checkpoint, with its U. A checkpoint's U is that
 * after its last minibatch. Other rows and the optimiser's moments are not changed. The trainer
 * must not have done a step yet. Adds the stream's provenance to `header`. Of the stream only the
 * preamble may have been read; it is verified to its END, and closed, even on error. Vectors whose
 * dimension differs from the model's are an error of status 3. After an error the trainer must not
 * be used any more. `progress` is called after each record; NULL: never called. */
int initial_vectors_read(struct stream_reader *stream, enum weights matrix, struct header *header,
                         const struct trainer_config *model, struct trainer *trainer,
                         struct initial_vectors *initial, void (*progress)(void),
                         struct error *err) MUST_USE;

/* The same from `words` and their vectors, rows (words × dim), which come from the input `name`. */
int initial_vectors_set(const struct words *words, const float *rows, uint32_t dim,
                        const char *name, enum weights matrix, struct header *header,
                        const struct trainer_config *model, struct trainer *trainer,
                        struct initial_vectors *initial, struct error *err) MUST_USE;

#endif

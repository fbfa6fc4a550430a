/* SPDX-License-Identifier: MIT */
/* trained_vectors.h -- writes a matrix of a trained model as a vectors stream. */
#ifndef SGNS_TRAINED_VECTORS_H
#define SGNS_TRAINED_VECTORS_H

#include "stream/batches.h"
#include "stream/header.h"
#include "train/trainer.h"

/* Writes V or U as a complete vectors stream with this header, after training on all minibatches of
 * this shape. Calls `progress`, unless it is NULL, with the rows written so far. A vector that is
 * not finite is an error of status 5. */
int trained_vectors_write(struct trainer *trainer, enum weights matrix,
                          const struct trainer_config *model, const struct batches_shape *shape,
                          const struct header *header, int fd, const char *name,
                          void (*progress)(uint64_t rows), struct error *err) MUST_USE;

#endif

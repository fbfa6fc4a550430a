/* SPDX-License-Identifier: MIT */
/* rested_row.h -- brings stored rows of a matrix up to date.
 *
 * With Adam, the `save` of trainer_methods, and so a checkpoint, has a row that rests as it was
 * before its rest. Here it is advanced to a later step, by the same operations as in training.
 */
#ifndef SGNS_RESTED_ROW_H
#define SGNS_RESTED_ROW_H

#include "train/adam.h"
#include "train/trainer.h"

struct rested_row {
    struct adam adam;
    uint32_t dim, parts;
    size_t stride;
    float *row; /* (3, stride) weights and moments, in the layout of the kernels */
};

/* Only optimizer, lr and dim of the model matter. `r` must be zero; release it even after an
 * error. */
int rested_row_init(struct rested_row *r, const struct trainer_config *model,
                    struct error *err) MUST_USE;
void rested_row_release(struct rested_row *r);

/* Returns the weights (dim) after step `to` of a row that was stored as `value` (trainer_parts ×
 * dim) after `step`. Valid until the next call, or with gradient descent as long as `value`. */
const float *rested_row_weights(struct rested_row *r, uint64_t step, const float *value,
                                uint64_t to);

#endif

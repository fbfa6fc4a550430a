/* SPDX-License-Identifier: MIT */
/* checkpoint_rows.h -- reads one of the two matrices of a checkpoint as plain vectors.
 *
 * V, of centre words, is in every vectors stream. U, of context and noise words, is only in a
 * checkpoint. With Adam, the STATE records hold a row that rests as it was before its rest. Here
 * all rows are advanced to the checkpoint's last minibatch, by the same steps as in training.
 */
#ifndef SGNS_CHECKPOINT_ROWS_H
#define SGNS_CHECKPOINT_ROWS_H

#include "train/adam.h"
#include "train/checkpoint.h"

/* Reads `in`, whose header was read, to its end. Passes the rows of a matrix to `take`, in the
 * order of their ids: `count` rows (count × dim) at a time, valid during the call. Vectors that
 * are not a checkpoint are an error of status 3. */
int checkpoint_rows(struct vectors_reader *in, enum weights matrix,
                    int (*take)(void *data, const float *rows, uint32_t count, struct error *err),
                    void *data, struct error *err) MUST_USE;

/* Brings rows of STATE records up to date, one at a time. */
struct rested_row {
    struct adam adam; /* of the checkpoint's run */
    size_t stride;
    float *row; /* (3, stride) weights and moments, in the layout of the kernels */
};

/* Call this after TRAINING has been checked, with `r` zero. Release it even after an error. */
int rested_row_init(struct rested_row *r, const struct checkpoint_check *check,
                    struct error *err) MUST_USE;
void rested_row_release(struct rested_row *r);

/* Returns the weights (dim) of row `i` of the latest STATE record, valid until the next call. */
const float *rested_row_weights(struct rested_row *r, const struct checkpoint_check *check,
                                uint32_t i);

#endif

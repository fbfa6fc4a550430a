/* SPDX-License-Identifier: MIT */
/* checkpoint_rows.h -- one of the two matrices of a checkpoint, as plain vectors.
 *
 * V, of centre words, is what a vectors stream has anyway. U, of context and noise words, is in a
 * checkpoint alone. With Adam a row that rested stands there where it was left; here all are
 * brought to where they are behind the checkpoint's minibatch, by the same steps as in training.
 */
#ifndef SGNS_CHECKPOINT_ROWS_H
#define SGNS_CHECKPOINT_ROWS_H

#include "train/adam.h"
#include "train/checkpoint.h"

/* Reads `in` from its header to its end, and hands on the rows of a matrix, count × dim at a time, in
 * the order of the ids. Vectors that are no checkpoint are an error of status 3. */
int checkpoint_rows(struct vectors_reader *in, enum weights matrix,
                    int (*take)(void *data, const float *rows, uint32_t count, struct error *err),
                    void *data, struct error *err) MUST_USE;

/* For records of STATE one by one: the place where a row is brought up to date. */
struct rested_row {
    struct adam adam; /* of the run that the checkpoint is of */
    size_t stride;
    float *row; /* (3, stride) weights and moments, as the kernels want them */
};

/* When the checkpoint's TRAINING was checked. All zero is one that holds no memory. */
int rested_row_init(struct rested_row *r, const struct checkpoint_check *check,
                    struct error *err) MUST_USE;
void rested_row_release(struct rested_row *r);

/* The weights (dim) of row i of the latest STATE, until the next call. */
const float *rested_row_weights(struct rested_row *r, const struct checkpoint_check *check,
                                uint32_t i);

#endif

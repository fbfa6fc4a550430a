/* SPDX-License-Identifier: MIT */
/* checkpoint_rows.h -- one of the two matrices of a checkpoint, as plain vectors.
 *
 * V, of centre words, is what a vectors stream has anyway. U, of context and noise words, is in a
 * checkpoint alone. With Adam a row that rested stands there where it was left; here all are
 * brought to where they are behind the checkpoint's minibatch, by the same steps as in training.
 */
#ifndef SGNS_CHECKPOINT_ROWS_H
#define SGNS_CHECKPOINT_ROWS_H

#include "vectors.h"
#include "xavier.h"

/* Reads `in` from its head to its end, and hands on the rows of a matrix, count × dim at a time, in
 * the order of the ids. Vectors that are no checkpoint are an error of status 3. */
int checkpoint_rows(struct vectors_reader *in, enum weights matrix,
                    int (*take)(void *data, const float *rows, uint32_t count, struct error *err),
                    void *data, struct error *err) MUST_USE;

#endif

/* SPDX-License-Identifier: MIT */
/* checkpoint_rows.h -- reads one of the two matrices of a checkpoint as plain vectors.
 *
 * V, of centre words, is in every vectors stream. U, of context and noise words, is only in a
 * checkpoint. With Adam, the STATE records hold a row that rests as it was before its rest. Here
 * all rows are advanced to the checkpoint's last minibatch, by the same steps as in training.
 */
#ifndef SGNS_CHECKPOINT_ROWS_H
#define SGNS_CHECKPOINT_ROWS_H

#include "train/checkpoint.h"

/* Reads `in`, whose header was read, to its end. Passes the rows of a matrix to `take`, in the
 * order of their ids: `count` rows (count × dim) at a time, valid during the call. Vectors that
 * are not a checkpoint are an error of status 3. */
int checkpoint_rows(struct vectors_reader *in, enum weights matrix,
                    int (*take)(void *data, const float *rows, uint32_t count, struct error *err),
                    void *data, struct error *err) MUST_USE;

#endif

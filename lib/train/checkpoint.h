/* SPDX-License-Identifier: MIT */
/* checkpoint.h -- training that goes on where it stopped.
 *
 * A checkpoint is a vectors stream (FORMAT.md) with V as it is, which any reader of vectors takes,
 * and behind it all that training needs to go on bit by bit as if it had never stopped: both
 * matrices with their moments, and how far the input was read.
 */
#ifndef SGNS_CHECKPOINT_H
#define SGNS_CHECKPOINT_H

#include "stream/batches.h"
#include "stream/vectors.h"
#include "train/trainer.h"
#include "train/training.h"

/* What must be the same when training goes on. */
struct checkpoint_run {
    struct trainer_config model;
    struct batches_shape shape;
    uint64_t header_hash; /* stream_hash of the input behind its header */
};

/* A copy of a model in memory; all zero is an empty one. */
struct checkpoint {
    struct checkpoint_run run;
    struct train_progress progress;
    float *rows;       /* (words × dim) V */
    uint64_t *step[2]; /* (words) of V and U, as trainer_methods' save has them */
    float *number[2];  /* (words × parts × dim) */
};

/* Copies the model, which stands at `progress`. Vectors that are not finite are an error of status
 * 5. */
int checkpoint_take(struct checkpoint *checkpoint, struct trainer *trainer,
                    const struct checkpoint_run *run, const struct train_progress *progress,
                    struct error *err) MUST_USE;
void checkpoint_release(struct checkpoint *checkpoint);

/* Writes a complete stream with this header. */
int checkpoint_write(const struct checkpoint *checkpoint, int fd, const char *name,
                     const struct header *header, struct error *err) MUST_USE;

/* What is known of a checkpoint whose records have been checked so far, one by one, by themselves.
 * All zero is one of which none has come. */
struct checkpoint_check {
    bool told; /* TRAINING has come: the next two are known */
    struct checkpoint_run run;
    struct train_progress progress;
    uint32_t matrix, row;  /* the next that STATE has */
    uint32_t first, count; /* rows of the latest STATE, of which this is the content: */
    uint64_t *step;        /* (count) */
    float *number;         /* (count × parts × dim) */
    size_t step_capacity, number_capacity;
};

void checkpoint_check_release(struct checkpoint_check *check);

/* Checks a record, as vectors_reader's `checkpoint` gets it. */
int checkpoint_check(struct checkpoint_check *check, const struct vectors_reader *in,
                     const struct record *record, struct error *err) MUST_USE;
/* At the end of the stream: whether a checkpoint, if it is one, is complete. */
int checkpoint_check_end(const struct checkpoint_check *check, const struct vectors_reader *in,
                         struct error *err) MUST_USE;

/* Reads a checkpoint of such a run into the trainer, how far it is into *progress, and its header into
 * *header, which is empty before. A checkpoint of another run is an error of status 3 that names the
 * difference; the trainer is then of no more use. */
int checkpoint_read(int fd, const char *name, const struct checkpoint_run *run,
                    struct trainer *trainer, struct train_progress *progress, struct header *header,
                    struct error *err) MUST_USE;

#endif

/* SPDX-License-Identifier: MIT */
/* checkpoint.h -- saves and restores the state of training.
 *
 * A checkpoint is a vectors stream (FORMAT.md, section 6). It begins with the current V, which
 * any reader of vectors accepts, followed by all that is needed to resume training bit for bit as
 * if it had never stopped: both matrices with their moments, and the position in the input.
 */
#ifndef SGNS_CHECKPOINT_H
#define SGNS_CHECKPOINT_H

#include "stream/batches.h"
#include "stream/vectors.h"
#include "train/rested_row.h"
#include "train/trainer.h"
#include "train/training.h"

/* What must be the same when training resumes. */
struct checkpoint_run {
    struct trainer_config model;
    struct batches_shape shape;
    uint64_t header_hash; /* stream_hash of the input after its header */
};

/* A copy of a model in memory. Initialise with zeros. */
struct checkpoint {
    struct checkpoint_run run;
    struct train_progress progress;
    float *rows;       /* (words × dim) V, after all steps so far */
    uint64_t *step[2]; /* (words) of V and U, from `save` of trainer_methods */
    float *value[2];   /* (words × parts × dim) likewise */
};

/* Copies the model, whose progress is `progress`. A value that is not finite is an error of
 * status 5. The memory is reused by the next copy, and released by checkpoint_release. */
int checkpoint_copy(struct checkpoint *checkpoint, struct trainer *trainer,
                    const struct checkpoint_run *run, const struct train_progress *progress,
                    struct error *err) MUST_USE;
void checkpoint_release(struct checkpoint *checkpoint);

/* Writes the checkpoint as a complete stream with this header. */
int checkpoint_write(const struct checkpoint *checkpoint, int fd, const char *name,
                     const struct header *header, struct error *err) MUST_USE;

/* Checks the records of a checkpoint one by one. Initialise with zeros. */
struct checkpoint_check {
    bool has_training; /* TRAINING was read: `run` and `progress` are set */
    struct checkpoint_run run;
    struct train_progress progress;
    uint32_t matrix, row;  /* expected next in a STATE record */
    uint32_t first, count; /* rows of the latest STATE record, whose content follows */
    uint64_t *step;        /* (count) */
    float *value;          /* (count × parts × dim) */
    size_t step_capacity, value_capacity;
};

void checkpoint_check_release(struct checkpoint_check *check);

/* Checks a record that was passed to the `checkpoint` function of a vectors_reader. Errors have
 * status 3. */
int checkpoint_check(struct checkpoint_check *check, const struct vectors_reader *in,
                     const struct record *record, struct error *err) MUST_USE;
/* Call this at the end of the stream: a stream with TRAINING but not all STATE records is an
 * error of status 3. */
int checkpoint_check_end(const struct checkpoint_check *check, const struct vectors_reader *in,
                         struct error *err) MUST_USE;

/* The weights (dim), after the checkpoint's last minibatch, of row `i` of the latest STATE record.
 * `rested` is that of check->run.model. Valid until the next call. */
const float *checkpoint_row(const struct checkpoint_check *check, struct rested_row *rested,
                            uint32_t i);

/* Reads a checkpoint of the given run: the model into the trainer, its progress into *progress,
 * and its header into *header, which must be empty before. A checkpoint of another run is an
 * error of status 3 that names the difference. After an error the trainer must not be used any
 * more. `reading` is called after each record; NULL: never called. */
int checkpoint_read(int fd, const char *name, const struct checkpoint_run *run,
                    struct trainer *trainer, struct train_progress *progress, struct header *header,
                    void (*reading)(void), struct error *err) MUST_USE;

#endif

/* SPDX-License-Identifier: MIT */
/* checkpoint_saver.h -- writes checkpoints to a file while training goes on.
 *
 * The model is copied between two minibatches, and a thread writes the copy: under a temporary name,
 * to disk, then renamed, so that the file is always a whole checkpoint. While a saver is open, a
 * second one for the same file is refused, by a lock on FILE.lock.
 */
#ifndef SGNS_CHECKPOINT_SAVER_H
#define SGNS_CHECKPOINT_SAVER_H

#include <pthread.h>
#include <stdbool.h>

#include "base/output.h"
#include "train/checkpoint.h"

/* How often: every so many seconds, or minibatches; the other is 0. */
struct checkpoint_interval {
    uint64_t seconds, steps;
};

struct checkpoint_saver {
    const char *path;
    const struct header *header;
    struct checkpoint_interval interval;
    struct checkpoint_run run;
    struct output lock;
    double saved_at;      /* clock_seconds */
    uint64_t saved_steps; /* that the latest checkpoint has */
    struct checkpoint checkpoint;
    pthread_t thread;
    bool writing;
    int result; /* of the thread */
    struct error error;
};

/* Takes the name, and makes sure that a file can be put there. `path` must outlive the saver. */
int checkpoint_saver_open(struct checkpoint_saver *saver, const char *path,
                          struct checkpoint_interval interval, struct error *err) MUST_USE;

/* From here on time counts, for a model that has learnt from `steps` minibatches. `header`, which the
 * checkpoints get, must outlive the saver. */
void checkpoint_saver_start(struct checkpoint_saver *saver, const struct header *header,
                            const struct checkpoint_run *run, uint64_t steps);

/* Whether it is time for a checkpoint of a model that has learnt from `steps` minibatches. */
bool checkpoint_saver_due(const struct checkpoint_saver *saver, uint64_t steps);

/* Starts to write a checkpoint; waits for the one before, whose failure it reports. */
int checkpoint_saver_save(struct checkpoint_saver *saver, struct trainer *trainer,
                          const struct train_progress *progress, struct error *err) MUST_USE;

/* Waits until the latest checkpoint is on disk. */
int checkpoint_saver_wait(struct checkpoint_saver *saver, struct error *err) MUST_USE;

/* Gives the name free, and the memory. */
void checkpoint_saver_close(struct checkpoint_saver *saver);

#endif

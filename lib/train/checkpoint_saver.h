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
struct saver_interval {
    uint64_t seconds, steps;
};

struct saver {
    const char *path;
    const struct head *head;
    struct saver_interval interval;
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
int saver_open(struct saver *saver, const char *path, struct saver_interval interval,
               struct error *err) MUST_USE;

/* From here on time counts, for a model that has learnt from `steps` minibatches. `head`, which the
 * checkpoints get, must outlive the saver. */
void saver_start(struct saver *saver, const struct head *head, const struct checkpoint_run *run,
                 uint64_t steps);

/* Whether it is time for a checkpoint of a model that has learnt from `steps` minibatches. */
bool saver_due(const struct saver *saver, uint64_t steps);

/* Starts to write a checkpoint; waits for the one before, whose failure it reports. */
int saver_save(struct saver *saver, struct trainer *trainer, const struct train_progress *progress,
               struct error *err) MUST_USE;

/* Waits until the latest checkpoint is on disk. */
int saver_wait(struct saver *saver, struct error *err) MUST_USE;

/* Gives the name free, and the memory. */
void saver_close(struct saver *saver);

#endif

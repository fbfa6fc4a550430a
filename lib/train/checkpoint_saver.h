/* SPDX-License-Identifier: MIT */
/* checkpoint_saver.h -- writes checkpoints to a file during training.
 *
 * The model is copied between two minibatches, and a thread writes the copy to disk under a
 * temporary name and then renames it, so that the file is always a complete checkpoint. While a
 * saver is open, a lock on FILE.lock prevents other savers from using the same file.
 */
#ifndef SGNS_CHECKPOINT_SAVER_H
#define SGNS_CHECKPOINT_SAVER_H

#include <pthread.h>
#include <stdbool.h>

#include "base/output.h"
#include "train/checkpoint.h"

/* How often to save: every `seconds` seconds or every `steps` minibatches; the other one is 0. */
struct checkpoint_interval {
    uint64_t seconds, steps;
};

struct checkpoint_saver {
    const char *path;
    const struct header *header;
    struct checkpoint_interval interval;
    struct checkpoint_run run;
    struct output lock;
    double saved_at;      /* clock_seconds() of the latest checkpoint, or of the start */
    uint64_t saved_steps; /* steps of the latest checkpoint, or at the start */
    uint64_t disk_steps;  /* steps of the checkpoint on disk; 0: none was written yet */
    struct checkpoint checkpoint;
    pthread_t thread;
    bool writing;
    int result; /* of the thread */
    struct error error;
};

/* Locks the file name, and checks that the file can be created. `path` must outlive the saver.
 * Returns 1, or 0 if the file system has no locks, or -1, when there is nothing to close. */
int checkpoint_saver_open(struct checkpoint_saver *saver, const char *path,
                          struct checkpoint_interval interval, struct error *err) MUST_USE;

/* Starts the interval for a model that was trained on `steps` minibatches. `header` is that of the
 * checkpoints, and must outlive the saver. */
void checkpoint_saver_start(struct checkpoint_saver *saver, const struct header *header,
                            const struct checkpoint_run *run, uint64_t steps);

/* Whether a checkpoint of a model that was trained on `steps` minibatches is due. */
bool checkpoint_saver_due(const struct checkpoint_saver *saver, uint64_t steps);

/* Starts writing a checkpoint on a thread, or writes it if the system starts no more threads. Waits
 * for the previous one to be written, and reports its failure. */
int checkpoint_saver_save(struct checkpoint_saver *saver, struct trainer *trainer,
                          const struct train_progress *progress, struct error *err) MUST_USE;

/* Waits until the latest checkpoint is on disk. Reports its failure once. */
int checkpoint_saver_wait(struct checkpoint_saver *saver, struct error *err) MUST_USE;

/* Makes sure that the checkpoint on disk is that of the model as it is now, at the end of training,
 * even if an earlier one failed. */
int checkpoint_saver_finish(struct checkpoint_saver *saver, struct trainer *trainer,
                            const struct train_progress *progress, struct error *err) MUST_USE;

/* Waits for a checkpoint that is being written, and releases the lock and the memory. */
void checkpoint_saver_close(struct checkpoint_saver *saver);

#endif

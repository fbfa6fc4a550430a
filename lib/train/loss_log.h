/* SPDX-License-Identifier: MIT */
/* loss_log.h -- the loss log of training: a table in TSV with a row for each step.
 *
 * A resumed run continues the log of the run before it, so that the two give the log of an
 * uninterrupted run. Without a path there is no log, and all functions do nothing. Errors of the
 * file have status 1.
 */
#ifndef SGNS_LOSS_LOG_H
#define SGNS_LOSS_LOG_H

#include <stdio.h>

#include "train/training.h"

struct loss_log {
    const char *path;
    FILE *file;     /* NULL: no log */
    bool evaluated; /* it has a column for the held-out loss */
    bool continued; /* an existing log: loss_log_continue() must be called before the first row */
};

/* Opens a log, whose path must outlive it; NULL: none. With `resumed` an existing regular file is
 * continued, else it is replaced. */
int loss_log_open(struct loss_log *log, const char *path, bool evaluated, bool resumed,
                  struct error *err) MUST_USE;

/* Truncates a continued log after the row of step `steps`, from which training resumes, or after
 * the last complete line if that comes first. */
int loss_log_continue(struct loss_log *log, uint64_t steps, struct error *err) MUST_USE;

/* Adds the row of the latest step. */
int loss_log_add(struct loss_log *log, const struct train_state *state, struct error *err) MUST_USE;

int loss_log_flush(struct loss_log *log, struct error *err) MUST_USE;
int loss_log_close(struct loss_log *log, struct error *err) MUST_USE;

#endif

/* SPDX-License-Identifier: MIT */
/* output.h -- a program's output: standard output, or a file that is created only on success.
 *
 * A named file is written as a temporary file in the same directory, NAME.tmp.*, which is renamed
 * when all of it is on disk. It gets the permissions of a file that it replaces, and its owner and
 * group where the process may set them. If the process ends early, output_discard() removes its temporary
 * files, and existing files stay as they were. An existing file that is not regular (a device, a
 * FIFO) is written to directly. A process can have at most OUTPUTS_MAX outputs and locks at a time.
 * Errors have status 1 unless noted.
 */
#ifndef SGNS_OUTPUT_H
#define SGNS_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"

enum { OUTPUTS_MAX = 4 };

struct pending_file; /* a temporary file or a lock file, to be removed if the process ends */

struct output {
    int fd;
    const char *name;          /* for messages */
    FILE *text;                /* stdio stream over fd after output_text(); NULL before */
    struct pending_file *file; /* NULL if the output has no temporary file */
};

/* Opens `path`, or standard output if it is NULL. `input` is the descriptor of the program's input,
 * or -1. If the output is the same file as the input, fails with status 2. */
int output_open(struct output *output, const char *path, int input, struct error *err) MUST_USE;

/* Whether `path` (NULL: standard output) is a regular file, and the one open as `fd`. */
bool output_is_same(const char *path, int fd);
/* Whether two names refer to the same file, which need not exist; false if either is NULL. */
bool output_same_name(const char *a, const char *b);

/* Creates output->text, a stdio stream that output_commit() closes. A failed write on it makes
 * output_commit() fail. */
int output_text(struct output *output, struct error *err) MUST_USE;

/* Writes everything to disk and, for a named file, renames the temporary file. Closes the output;
 * on error removes the temporary file. */
int output_commit(struct output *output, struct error *err) MUST_USE;

/* The same for two files that belong together. Deletes the old `primary` first, then replaces
 * `secondary`, then `primary`, so that even a process that is killed in between never leaves one
 * old and one new file. */
int output_commit_both(struct output *primary, struct output *secondary,
                       struct error *err) MUST_USE;

/* Closes an output that was opened and not committed, and removes its temporary file. */
void output_drop(struct output *output);

/* For a process that is about to end: removes the lock files and the temporary files of all outputs
 * that were not committed, and prevents new temporary files. A signal handler may call it. */
void output_discard(void);

/* Creates and locks the file PATH.lock, until output_unlock() or the end of the process. Returns 1,
 * or 0 if the file system has no locks, or -1, also if another process holds the lock. `lock` is a
 * struct output only so that output_discard() removes that file. */
int output_lock(struct output *lock, const char *path, struct error *err) MUST_USE;
void output_unlock(struct output *lock);

#endif

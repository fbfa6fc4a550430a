/* SPDX-License-Identifier: MIT */
/* output.h -- a program's output: standard output, or a file that is created only on success.
 *
 * A named file is written under a temporary name beside it, NAME.tmp.*, and renamed when all of it is
 * on disk. output_discard() removes the temporary files of a process that ends before; an existing
 * file then stays as it was. What is not a regular file (a device, a FIFO) is written to directly. A
 * process has at most OUTPUTS_MAX outputs and locks at a time.
 */
#ifndef SGNS_OUTPUT_H
#define SGNS_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"

enum { OUTPUTS_MAX = 3 };

struct unfinished; /* a named file under way */

struct output {
    int fd;
    const char *name;        /* for messages */
    FILE *text;              /* over fd, once output_text was called; NULL before */
    struct unfinished *file; /* NULL where the output has no temporary */
};

/* `path` NULL is standard output. `input` is the descriptor of the program's input, −1 for none: an
 * output that is the same file is refused with status 2. */
int output_open(struct output *output, const char *path, int input, struct error *err) MUST_USE;

/* Whether the regular file `path` (NULL: standard output) is the one that is open as `fd`. */
bool output_is_same(const char *path, int fd);
/* Whether two names are of one file, which may be still to come; NULL is none. */
bool output_same_name(const char *a, const char *b);

/* The output as a stdio stream, output->text, which output_commit closes. Its errors are sticky,
 * and output_commit reports them. */
int output_text(struct output *output, struct error *err) MUST_USE;

/* Makes the output permanent: to disk and, where it has a name, under its name. Closes it, also on
 * error, and then its temporary goes. */
int output_commit(struct output *output, struct error *err) MUST_USE;

/* The same for two files that belong together. Of two that replace older ones `main_one` is gone
 * before `beside` is changed: whatever ends the process in between, an old and a new file never
 * stand together. */
int output_commit_both(struct output *main_one, struct output *side_task,
                       struct error *err) MUST_USE;

/* Gives up an output that was opened and not committed: its temporary goes. */
void output_drop(struct output *output);

/* Removes the temporary files of all outputs that were not committed, and lets none be created from
 * then on: for a process that is about to end. A signal handler may call it. */
void output_discard(void);

/* Keeps other processes that ask from writing to `path`, until unlock or the end of this one: an
 * error of status 1 where one has asked before. */
int output_lock(struct output *lock, const char *path, struct error *err) MUST_USE;
void output_unlock(struct output *lock);

#endif

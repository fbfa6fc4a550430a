/* SPDX-License-Identifier: MIT */
/* output.h -- a program's output: standard output, or a file that appears only when it is complete.
 *
 * A named file is written under a temporary name beside it, NAME.tmp.*, and renamed when everything
 * is on disk; on error, SIGINT, SIGTERM, SIGHUP or SIGPIPE the temporary goes and a file that was
 * there before stays. What is not a regular file (a device, a FIFO) is written to directly. One
 * output at a time, in one process.
 */
#ifndef SGNS_OUTPUT_H
#define SGNS_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "error.h"

struct output {
    int fd;
    const char *name; /* for messages */
    FILE *text;       /* over fd, once output_text was called; NULL before */
};

/* `path` NULL is standard output. `input` is the descriptor of the program's input, −1 for none: an
 * output that is the same file is refused with status 2. */
int output_open(struct output *output, const char *path, int input, struct error *err) MUST_USE;

/* Whether the regular file `path` (NULL: standard output) is the one that is open as `fd`. */
bool output_is_same(const char *path, int fd);

/* The output as a stdio stream, output->text, which output_commit closes. Its errors are sticky,
 * and output_commit reports them. */
int output_text(struct output *output, struct error *err) MUST_USE;

/* Makes the output permanent: to disk and, where it has a name, under its name. */
int output_commit(struct output *output, struct error *err) MUST_USE;

/* Removes the temporary of an output that was opened and not committed, if there is one. */
void output_discard(void);

#endif

/* SPDX-License-Identifier: MIT */
/* error.h -- how the library reports errors.
 *
 * Only program/ (cli.h, progress.h, prompt.h, signals.h) prints messages or exits. Any other
 * function that can fail takes a `struct error *` as its last argument, fills it, and returns -1
 * (or NULL). Callers pass both on, until the program prints one line on standard error and exits
 * with the status.
 */
#ifndef SGNS_ERROR_H
#define SGNS_ERROR_H

#include <stdint.h>

/* Exit statuses of every program: the classes of error that a caller must distinguish. */
enum status {
    STATUS_OK = 0,
    STATUS_FAILED = 1,      /* an operation failed: open, read, write, memory, thread */
    STATUS_USAGE = 2,       /* the command line is wrong */
    STATUS_INPUT = 3,       /* the input is invalid; retrying cannot help */
    STATUS_DEVICE = 4,      /* the GPU is missing, too small or lost */
    STATUS_DIVERGED = 5,    /* training diverged: a loss or a weight is not finite */
    STATUS_UNKNOWN_WORD = 6 /* a word asked for is not in the vocabulary */
};

struct error {
    enum status status;
    char text[1024]; /* "source: position: message", without the program's name */
};

#define MUST_USE                 __attribute__((warn_unused_result))
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))

/* Fills `err`. Returns -1, so that `return error_set(...)` reports and fails in one step. */
int error_set(struct error *err, enum status status, const char *format, ...) PRINTF_LIKE(3, 4);

/* The same with status 1; appends ": " and strerror(errno) to the text. */
int error_system(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);

/* The ending of a regular plural: "1 word", "2 words", in messages. */
static inline const char *plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}

#endif

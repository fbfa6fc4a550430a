/* SPDX-License-Identifier: MIT */
/* error.h -- how the library reports what went wrong.
 *
 * Nothing below the command-line part (cli.h, output.h, progress.h) prints or exits. A function
 * that can fail takes a `struct error *` last, fills it, and returns -1 (or NULL); the caller
 * passes both on until a program turns them into its one line on standard error and its exit
 * status.
 */
#ifndef SGNS_ERROR_H
#define SGNS_ERROR_H

/* Exit statuses of every program, and so the classes of error a caller must tell apart. */
enum status {
    STATUS_OK = 0,
    STATUS_FAILED = 1,  /* an operation failed: open, read, write, memory, thread */
    STATUS_USAGE = 2,   /* the command line is wrong */
    STATUS_INPUT = 3,   /* the input is invalid; trying again cannot help */
    STATUS_DEVICE = 4,  /* the GPU is missing, too small or lost */
    STATUS_DIVERGED = 5 /* training left the finite numbers */
};

struct error {
    enum status status;
    char text[1024]; /* "source: position: message", without the program's name */
};

#define MUST_USE                 __attribute__((warn_unused_result))
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))

/* Fills `err`. Returns -1, so that `return error_set(...)` reports and fails at once. */
int error_set(struct error *err, enum status status, const char *format, ...) PRINTF_LIKE(3, 4);

/* The same with status 1 and ": " strerror(errno) behind the text. */
int error_system(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);

#endif

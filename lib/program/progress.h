/* SPDX-License-Identifier: MIT */
/* progress.h -- progress reports on standard error: on a terminal one line that is rewritten and
 * never wraps, elsewhere, or if $TERM is "dumb" or not set, a plain line from time to time.
 */
#ifndef SGNS_PROGRESS_H
#define SGNS_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct progress {
    bool off, terminal;  /* terminal: standard error is one that can rewrite a line */
    double start, shown; /* clock_seconds() at the start, and when a line was last printed */
};

/* With `off`, progress_show() and progress_keep() print nothing. */
void progress_start(struct progress *progress, bool off);

/* Whether it is time to print a line: ten times a second on a terminal, else every 30 seconds. */
bool progress_due(const struct progress *progress);

/* Prints a line; on a terminal it replaces the last one. What matters most has to come first: the line
 * is cut at the width of the terminal. A bar of `fraction` (0 to 1; NAN: unknown) fills the rest of the
 * line, if there is room for one. */
void progress_show(struct progress *progress, double fraction, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* Prints a line that later lines do not replace. */
void progress_keep(struct progress *progress, const char *format, ...) PRINTF_LIKE(2, 3);

/* Erases the line that progress_show() wrote on a terminal. */
void progress_clear(void);

/* Formats the remaining time as "1:02:03" or "4:05" into `text`, which has room for PROGRESS_TEXT
 * bytes. Returns `text`. */
enum { PROGRESS_TEXT = 32 };
const char *progress_time_left(char *text, double seconds);

#endif

/* SPDX-License-Identifier: MIT */
/* progress.h -- progress reports on standard error: on a terminal one line that is rewritten,
 * elsewhere a plain line from time to time.
 */
#ifndef SGNS_PROGRESS_H
#define SGNS_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct progress {
    bool off, terminal;  /* terminal: standard error is one */
    double start, shown; /* clock_seconds() at the start, and when a line was last printed */
};

/* With `off`, progress_show() and progress_keep() print nothing. */
void progress_start(struct progress *progress, bool off);

/* Whether it is time to print a line: ten times a second on a terminal, else every 30 seconds. */
bool progress_due(const struct progress *progress);

/* Prints a line; on a terminal it replaces the last one. */
void progress_show(struct progress *progress, const char *format, ...) PRINTF_LIKE(2, 3);

/* Prints a line that later lines do not replace. */
void progress_keep(struct progress *progress, const char *format, ...) PRINTF_LIKE(2, 3);

/* Erases the current line of the terminal, if standard error is one. */
void progress_clear(void);

/* Format a bar for `fraction` (0 to 1), and the remaining time as "1:02:03" or "4:05", into `text`,
 * which has room for PROGRESS_TEXT bytes. Both return `text`. */
enum { PROGRESS_TEXT = 64 };
const char *progress_bar(char *text, double fraction);
const char *progress_time_left(char *text, double seconds);

#endif

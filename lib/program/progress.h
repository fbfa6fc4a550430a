/* SPDX-License-Identifier: MIT */
/* progress.h -- how far a program is, on standard error: a line that is rewritten on a terminal,
 * and elsewhere a plain line now and then.
 */
#ifndef SGNS_PROGRESS_H
#define SGNS_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct progress {
    bool off, terminal;
    double start, shown; /* clock_seconds() at the start, and when a line was last shown */
};

void progress_start(struct progress *progress, bool off);

/* Whether it is time to show a line: ten times a second on a terminal, else every 30 seconds. */
bool progress_due(const struct progress *progress);

/* Shows a line, in the place of the last one on a terminal. */
void progress_show(struct progress *progress, const char *format, ...) PRINTF_LIKE(2, 3);

/* Shows a line that stays. */
void progress_keep(struct progress *progress, const char *format, ...) PRINTF_LIKE(2, 3);

/* Removes the line that is being rewritten on the terminal, if standard error is one. */
void progress_clear(void);

/* A bar of `fraction` (0 to 1), and the time left as "1:02:03" or "4:05". `text` has room for
 * PROGRESS_TEXT bytes. Both return text. */
enum { PROGRESS_TEXT = 64 };
const char *progress_bar(char *text, double fraction);
const char *progress_left(char *text, double seconds);

#endif

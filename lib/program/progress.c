/* SPDX-License-Identifier: MIT */
#include "program/progress.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"

enum { BAR_MIN = 8, BAR_MAX = 32 }; /* columns */
enum {
    COLUMNS = 80,
    PROGRESS_LINE = 512
}; /* of a terminal that does not tell its width; of any line */

/* Whether standard error is a terminal on which a line can be rewritten. */
static bool can_rewrite(void)
{
    const char *term = getenv("TERM");
    return term && *term && strcmp(term, "dumb") != 0 && isatty(STDERR_FILENO);
}

/* The columns that a line may take without wrapping, now: the width can change at any time. */
static size_t line_width(void)
{
    struct winsize size;
    size_t columns = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
    if (columns == 0)
        columns = COLUMNS;
    return columns < PROGRESS_LINE ? columns - 1 : PROGRESS_LINE - 1;
}

void progress_start(struct progress *progress, bool off)
{
    progress->off = off;
    progress->terminal = can_rewrite();
    progress->start = clock_seconds();
    /* On a terminal the first line is due immediately. */
    progress->shown = progress->terminal ? -1 : progress->start;
}

bool progress_due(const struct progress *progress)
{
    return !progress->off && clock_seconds() - progress->shown >= (progress->terminal ? 0.1 : 30.0);
}

/* Appends a bar to `line`, if `width` columns have room for one. */
static void append_bar(char *line, double fraction, size_t width)
{
    size_t length = strlen(line);
    if (isnan(fraction) || length + 1 + BAR_MIN > width)
        return;
    size_t bar = width - length - 1 < BAR_MAX ? width - length - 1 : BAR_MAX;
    size_t full = (size_t)(fmax(0, fmin(1, fraction)) * (double)bar + 0.5);
    line[length] = ' ';
    memset(line + length + 1, '#', full);
    memset(line + length + 1 + full, '.', bar - full);
    line[length + 1 + bar] = 0;
}

/* `stays`: later lines do not replace it, and it is not cut. */
static void print(struct progress *progress, bool stays, double fraction, const char *format,
                  va_list args)
{
    char line[PROGRESS_LINE];
    if (progress->off)
        return;
    vsnprintf(line, sizeof line, format, args);
    if (progress->terminal && !stays) {
        size_t width = line_width();
        line[width] = 0;
        append_bar(line, fraction, width);
    }
    progress_clear();
    fprintf(stderr, "%s%s", line, progress->terminal && !stays ? "" : "\n");
    fflush(stderr);
    progress->shown = clock_seconds();
}

void progress_show(struct progress *progress, double fraction, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print(progress, false, fraction, format, args);
    va_end(args);
}

void progress_keep(struct progress *progress, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print(progress, true, NAN, format, args);
    va_end(args);
}

void progress_clear(void)
{
    if (can_rewrite())
        fputs("\r\033[K", stderr);
}

const char *progress_time_left(char *text, double seconds)
{
    long s = seconds < 0 ? 0 : seconds > 8.64e8 ? 864000000 : (long)(seconds + 0.5);
    if (s >= 3600)
        snprintf(text, PROGRESS_TEXT, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
    else
        snprintf(text, PROGRESS_TEXT, "%ld:%02ld", s / 60, s % 60);
    return text;
}

/* SPDX-License-Identifier: MIT */
#include "program/progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

enum { BAR_WIDTH = 24 };

void progress_start(struct progress *progress, bool off)
{
    progress->off = off;
    progress->terminal = isatty(STDERR_FILENO);
    progress->start = clock_seconds();
    /* On a terminal the first line is due immediately. */
    progress->shown = progress->terminal ? -1 : progress->start;
}

bool progress_due(const struct progress *progress)
{
    return !progress->off && clock_seconds() - progress->shown >= (progress->terminal ? 0.1 : 30.0);
}

static void print(struct progress *progress, const char *format, va_list args, const char *end)
{
    char line[512];
    vsnprintf(line, sizeof line, format, args);
    progress_clear();
    fprintf(stderr, "%s%s", line, end);
    fflush(stderr);
    progress->shown = clock_seconds();
}

void progress_show(struct progress *progress, const char *format, ...)
{
    if (progress->off)
        return;
    va_list args;
    va_start(args, format);
    print(progress, format, args, progress->terminal ? "" : "\n");
    va_end(args);
}

void progress_keep(struct progress *progress, const char *format, ...)
{
    if (progress->off)
        return;
    va_list args;
    va_start(args, format);
    print(progress, format, args, "\n");
    va_end(args);
}

void progress_clear(void)
{
    if (isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
}

const char *progress_bar(char *text, double fraction)
{
    int full = (int)(fraction * BAR_WIDTH + 0.5);
    full = full < 0 ? 0 : full > BAR_WIDTH ? BAR_WIDTH : full;
    memset(text, '#', (size_t)full);
    memset(text + full, '.', (size_t)(BAR_WIDTH - full));
    text[BAR_WIDTH] = 0;
    return text;
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

/* SPDX-License-Identifier: MIT */
#include "program/progress.h"

#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/input.h"

enum {
    BAR_MIN = 8, /* columns */
    BAR_MAX = 32,
    COLUMNS = 80,       /* of a terminal that does not report its width */
    PROGRESS_LINE = 512 /* bytes of any line */
};

/* The cursor is left at the start of the line. If the terminal becomes narrower and breaks the line
 * into several, the cursor is at the first of them, and all that follows it is erased. */
#define LINE_END "\r"
#define ERASER   "\r\033[J"

static struct {
    double total, from, since; /* of the stage: units; at its first update: units done, time */
    bool updated;              /* that update has been */
    int input;                 /* -1: the stage does not read one */
    double shown;              /* clock_seconds() when a line was last printed, or at the start */
    bool disabled;
    bool typed;  /* the stage reads what the user types */
    bool silent; /* the output is a pipe to which the program has begun to write */
    volatile sig_atomic_t visible; /* on a terminal there is a line of this program */
} line = {.input = -1, .shown = -1};

/* ---- the terminal ---- */

/* Whether standard error is a terminal on which this program can rewrite a line: not one where the
 * user types, while the program runs in the background. */
static bool can_rewrite(void)
{
    const char *term = getenv("TERM");
    if (!term || !*term || strcmp(term, "dumb") == 0 || !isatty(STDERR_FILENO))
        return false;
    pid_t foreground = tcgetpgrp(STDERR_FILENO);
    return foreground < 0 || foreground == getpgrp();
}

/* The columns that a line may take, now: the width can change at any time. */
static size_t line_width(void)
{
    struct winsize size;
    size_t columns = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
    if (columns == 0)
        columns = COLUMNS;
    if (columns > PROGRESS_LINE)
        columns = PROGRESS_LINE;
    return columns - 1; /* no terminal wraps a line that leaves the last column empty */
}

const char *progress_eraser(void)
{
    if (line.visible)
        line.shown = 0; /* the next update may print */
    line.visible = false;
    return can_rewrite() ? ERASER : "";
}

void progress_end(void)
{
    if (line.visible)
        fputs(progress_eraser(), stderr);
}

void progress_end_by_signal(void)
{
    /* If this fails, nothing can be done about it. */
    if (line.visible && write(STDERR_FILENO, ERASER, sizeof ERASER - 1) > 0)
        line.visible = false;
}

void progress_before_output(int output)
{
    struct stat file;
    if (line.silent)
        return;
    if (isatty(output))
        progress_end();
    if (fstat(output, &file) == 0 && (S_ISFIFO(file.st_mode) || S_ISSOCK(file.st_mode))) {
        progress_end();
        line.silent = true;
    }
}

/* ---- a stage ---- */

void progress_disable(void)
{
    line.disabled = true;
}

void progress_start(double total)
{
    line.total = total;
    line.input = -1;
    line.typed = false;
    line.updated = false;
    if (line.shown < 0)
        line.shown = clock_seconds();
}

/* The bytes from the current position of a regular file to its end; 0 for anything else. */
static double bytes_left(int fd)
{
    struct stat file;
    off_t position = lseek(fd, 0, SEEK_CUR);
    if (position < 0 || fstat(fd, &file) < 0 || !S_ISREG(file.st_mode) || file.st_size < position)
        return 0;
    return (double)(file.st_size - position);
}

/* The bytes of these files; 0: unknown, since one of them is not a regular file. */
static double bytes_of_files(char *const *path)
{
    double sum = 0;
    do {
        struct stat file;
        bool standard = input_is_stdin(*path);
        if ((standard ? fstat(STDIN_FILENO, &file) : stat(*path, &file)) < 0 ||
            !S_ISREG(file.st_mode))
            return 0;
        sum += standard ? bytes_left(STDIN_FILENO) : (double)file.st_size;
    } while (*path && *++path);
    return sum;
}

void progress_start_files(char *const *path)
{
    progress_start(bytes_of_files(path));
    do
        line.typed |= input_is_stdin(*path) && isatty(STDIN_FILENO);
    while (*path && *++path);
}

void progress_start_input(int fd)
{
    progress_start(bytes_left(fd));
    line.input = fd;
}

/* `done`, unless the stage reads an input. */
static double units_done(double done)
{
    return line.input < 0 || line.total == 0 ? done : line.total - bytes_left(line.input);
}

double progress_speed(double done)
{
    double seconds = line.updated ? clock_seconds() - line.since : 0;
    return seconds > 0 ? (done - line.from) / seconds : 0;
}

/* ---- printing ---- */

/* Formats percentage and time left. Returns the length. */
static size_t put_part_done(char *text, size_t size, double done)
{
    double part = done < line.total ? done / line.total : 1, speed = progress_speed(done);
    double seconds = speed > 0 ? (line.total - done) / speed : -1;
    int length = snprintf(text, size, "%3d%%, ", (int)(100 * part));
    long s = seconds < 0 ? 0 : seconds > 8.64e8 ? 864000000 : (long)(seconds + 0.5);
    if (seconds < 0 && part < 1)
        length += snprintf(text + length, size - (size_t)length, "-:-- left, ");
    else if (s >= 3600)
        length += snprintf(text + length, size - (size_t)length, "%ld:%02ld:%02ld left, ", s / 3600,
                           s / 60 % 60, s % 60);
    else
        length +=
            snprintf(text + length, size - (size_t)length, "%ld:%02ld left, ", s / 60, s % 60);
    return (size_t)length;
}

/* Appends a bar to `text`, if `width` columns have room for one. */
static void append_bar(char *text, double part, size_t width)
{
    size_t length = strlen(text);
    if (length + 1 + BAR_MIN > width)
        return;
    size_t bar = width - length - 1 < BAR_MAX ? width - length - 1 : BAR_MAX;
    size_t full = (size_t)((part < 1 ? part : 1) * (double)bar + 0.5);
    text[length] = ' ';
    memset(text + length + 1, '#', full);
    memset(text + length + 1 + full, '.', bar - full);
    text[length + 1 + bar] = 0;
}

static void update(double done, const char *format, va_list args)
{
    double now = clock_seconds();
    char text[PROGRESS_LINE];
    if (!line.updated) {
        line.from = units_done(done);
        line.since = now;
        line.updated = true;
    }
    if (line.disabled || line.silent || line.typed || now - line.shown < 0.1)
        return;
    bool rewrite = can_rewrite();
    if (!rewrite && now - line.shown < 30)
        return;
    done = units_done(done);
    size_t start = line.total > 0 ? put_part_done(text, sizeof text, done) : 0;
    vsnprintf(text + start, sizeof text - start, format, args);
    if (rewrite) {
        size_t width = line_width();
        text[width] = 0;
        if (line.total > 0)
            append_bar(text, done / line.total, width);
        line.visible = true; /* before the line: a signal may come now */
    }
    fprintf(stderr, "%s%s%s", rewrite ? ERASER : "", text, rewrite ? LINE_END : "\n");
    line.shown = now;
}

void progress_update(double done, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    update(done, format, args);
    va_end(args);
}

void progress_update_input(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    update(0, format, args);
    va_end(args);
}

void progress_reading(void)
{
    progress_update_input("reading");
}

void progress_reading_vocab(void)
{
    progress_update_input("reading the vocabulary");
}

void progress_keep(const char *format, ...)
{
    char text[PROGRESS_LINE];
    va_list args;
    if (line.disabled)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    fprintf(stderr, "%s%s\n", progress_eraser(), text);
    line.shown = clock_seconds();
}

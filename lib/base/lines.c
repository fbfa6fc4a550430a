/* SPDX-License-Identifier: MIT */
#include "base/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

enum { READ_SIZE = 1 << 16 };

struct lines lines_of(int fd, const char *name)
{
    return (struct lines){.fd = fd, .name = name};
}

void lines_release(struct lines *lines)
{
    free(lines->buffer);
    lines->buffer = NULL;
}

static char *find_end(struct lines *lines)
{
    char *from = lines->buffer + lines->searched;
    char *newline =
        lines->searched < lines->end ? memchr(from, '\n', lines->end - lines->searched) : NULL;
    lines->searched = newline ? (size_t)(newline - lines->buffer) : lines->end;
    return newline;
}

bool lines_ready(struct lines *lines)
{
    return lines->over || find_end(lines);
}

/* Waits for more of the text. */
static int fill(struct lines *lines, struct error *err)
{
    if (lines->end - lines->start > LINE_LENGTH_MAX)
        return error_set(err, STATUS_INPUT, "%s: line %llu: longer than %d bytes", lines->name,
                         (unsigned long long)lines->number + 1, (int)LINE_LENGTH_MAX);
    if (lines->start > 0) {
        memmove(lines->buffer, lines->buffer + lines->start, lines->end - lines->start);
        lines->searched -= lines->start;
        lines->end -= lines->start;
        lines->start = 0;
    }
    if (memory_reserve(&lines->buffer, &lines->capacity, lines->end + READ_SIZE, 1, err) < 0)
        return -1;
    ssize_t n;
    do
        n = read(lines->fd, lines->buffer + lines->end, READ_SIZE);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return error_system(err, "%s: read failed", lines->name);
    lines->end += (size_t)n;
    lines->over = n == 0;
    return 0;
}

int lines_next(struct lines *lines, const char **line, size_t *length, struct error *err)
{
    char *newline;
    while (!(newline = find_end(lines)) && !lines->over)
        if (fill(lines, err) < 0)
            return -1;
    size_t end = newline ? (size_t)(newline - lines->buffer) : lines->end;
    if (end == lines->start && !newline)
        return 0;
    *line = lines->buffer + lines->start;
    *length = end - lines->start;
    if (*length > 0 && (*line)[*length - 1] == '\r')
        --*length;
    lines->start = lines->searched = newline ? end + 1 : end;
    lines->number++;
    return 1;
}

/* SPDX-License-Identifier: MIT */
#include "base/input.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

enum { CHUNK = 1 << 18 /* bytes that are read at a time, at least */ };

struct input input_from(int fd, const char *name)
{
    return (struct input){.fd = fd, .name = name};
}

void input_release(struct input *in)
{
    free(in->data);
    *in = (struct input){0};
}

/* Reads once, behind what is there. */
static int read_more(struct input *in, struct error *err)
{
    ssize_t n = read(in->fd, in->data + in->end, in->capacity - in->end);
    if (n < 0 && errno != EINTR)
        return error_system(err, "%s: read failed at byte %llu", in->name,
                            (unsigned long long)(in->before + in->end));
    if (n > 0)
        in->end += (size_t)n;
    in->ended = n == 0;
    return 0;
}

int input_fill(struct input *in, size_t wanted, struct error *err)
{
    if (input_left(in) >= wanted || in->ended)
        return 0;
    if (in->next > 0)
        memmove(in->data, in->data + in->next, input_left(in));
    in->before += in->next;
    in->end -= in->next;
    in->next = 0;
    while (in->end < wanted && !in->ended) {
        if ((in->capacity == in->end &&
             memory_reserve(&in->data, &in->capacity, in->end + CHUNK, 1, err) < 0) ||
            read_more(in, err) < 0)
            return -1;
    }
    return 0;
}

int input_peek_line(struct input *in, size_t at, size_t most, size_t *length, struct error *err)
{
    for (size_t seen = at;;) {
        size_t left = input_left(in);
        const char *newline = left > seen ? memchr(input_next(in) + seen, '\n', left - seen) : NULL;
        seen = left > at ? left : at;
        *length = newline ? (size_t)(newline - input_next(in)) - at : seen - at;
        if (newline || in->ended || left > most)
            return newline != NULL;
        if (input_fill(in, seen + 1, err) < 0)
            return -1;
    }
}

/* Takes the next line, of at most `most` bytes. *closed: it has a newline. */
static int take_line(struct input *in, size_t most, const char **line, size_t *length, bool *closed,
                     struct error *err)
{
    int found = input_peek_line(in, 0, most, length, err);
    if (found < 0 || (found == 0 && *length == 0))
        return found;
    in->line++;
    if (*length > most)
        return input_line_fault(in, err, "longer than %zu bytes", most);
    *closed = found;
    *line = input_take(in, *length + (size_t)found);
    return 1;
}

int input_line(struct input *in, const char **line, size_t *length, struct error *err)
{
    bool closed = true;
    int got = take_line(in, INPUT_LINE_MAX, line, length, &closed, err);
    return closed ? got : input_line_fault(in, err, "no newline at its end: the file is truncated");
}

int input_text_line(struct input *in, const char **line, size_t *length, struct error *err)
{
    bool closed;
    int got = take_line(in, INPUT_TEXT_LINE_MAX, line, length, &closed, err);
    if (got > 0 && *length > 0 && (*line)[*length - 1] == '\r')
        --*length;
    return got;
}

bool input_line_ready(const struct input *in)
{
    return in->ended || (input_left(in) > 0 && memchr(input_next(in), '\n', input_left(in)));
}

static int fault(const struct input *in, struct error *err, const char *unit, uint64_t where,
                 const char *format, va_list args)
{
    char message[512];
    vsnprintf(message, sizeof message, format, args);
    return error_set(err, STATUS_INPUT, "%s: %s %llu: %s", in->name, unit,
                     (unsigned long long)where, message);
}

int input_line_fault(const struct input *in, struct error *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fault(in, err, "line", in->line, format, args);
    va_end(args);
    return -1;
}

int input_byte_fault(const struct input *in, struct error *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fault(in, err, "byte", in->before + in->next, format, args);
    va_end(args);
    return -1;
}

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

int input_line(struct input *in, const char **line, size_t *length, struct error *err)
{
    for (size_t seen = 0;;) {
        const char *newline = input_left(in) > seen
                                  ? memchr(input_next(in) + seen, '\n', input_left(in) - seen)
                                  : NULL;
        if (newline) {
            in->line++;
            *length = (size_t)(newline - input_next(in));
            *line = input_take(in, *length + 1);
            return 1;
        }
        seen = input_left(in);
        if (in->ended || seen > INPUT_LINE_MAX)
            break;
        if (input_fill(in, seen + 1, err) < 0)
            return -1;
    }
    if (input_left(in) == 0)
        return 0;
    in->line++;
    if (!in->ended)
        return input_line_fault(in, err, "a line of more than %d bytes", (int)INPUT_LINE_MAX);
    return input_line_fault(in, err, "no newline at its end: the file is cut");
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

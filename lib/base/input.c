/* SPDX-License-Identifier: MIT */
#include "base/input.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

enum { READ_SIZE = 1 << 18 /* the least room in bytes for a read when the buffer grows */ };
enum { MARK_SIZE = 3 };

struct input input_from(int fd, const char *name)
{
    return (struct input){.fd = fd, .name = name};
}

void input_release(struct input *in)
{
    free(in->data);
    *in = (struct input){0};
}

/* Calls read() once and appends to the buffer. */
static int read_more(struct input *in, struct error *err)
{
    ssize_t n = read(in->fd, in->data + in->end, in->capacity - INPUT_SLACK - in->end);
    if (n < 0 && errno != EINTR)
        return error_system(err, "%s: read failed at byte %llu", in->name,
                            (unsigned long long)(in->offset + in->end));
    if (n > 0)
        in->end += (size_t)n;
    in->ended = n == 0;
    if (in->ended)
        in->data[in->end] = '\n'; /* after a last line without one, for input_line() */
    return 0;
}

/* At the start of the input: whether it begins with a byte order mark of UTF-8, which is taken, or
 * ends within one so far. */
static bool mark_is_incomplete(struct input *in)
{
    if (in->offset + in->next > 0)
        return false;
    size_t size = in->end < MARK_SIZE ? in->end : MARK_SIZE;
    bool mark = memcmp(in->data, "\xef\xbb\xbf", size) == 0;
    if (mark && size == MARK_SIZE)
        in->next = MARK_SIZE;
    return mark && size < MARK_SIZE;
}

int input_fill(struct input *in, size_t size, struct error *err)
{
    if (input_available(in) >= size || in->ended)
        return 0;
    if (in->next > 0)
        memmove(in->data, in->data + in->next, input_available(in));
    in->offset += in->next;
    in->end -= in->next;
    in->next = 0;
    bool incomplete = false;
    while ((input_available(in) < size || incomplete) && !in->ended) {
        if ((in->capacity <= in->end + INPUT_SLACK &&
             memory_reserve(&in->data, &in->capacity, in->end + READ_SIZE + INPUT_SLACK, 1, err) <
                 0) ||
            read_more(in, err) < 0)
            return -1;
        incomplete = mark_is_incomplete(in);
    }
    return 0;
}

int input_peek_line(struct input *in, size_t start, size_t max_length, size_t *length,
                    struct error *err)
{
    for (size_t seen = start;;) {
        size_t available = input_available(in);
        const char *newline =
            available > seen ? memchr(input_next(in) + seen, '\n', available - seen) : NULL;
        seen = available > start ? available : start;
        *length = newline ? (size_t)(newline - input_next(in)) - start : seen - start;
        if (newline || in->ended || available > max_length)
            return newline != NULL;
        if (input_fill(in, seen + 1, err) < 0)
            return -1;
    }
}

/* Takes the next line, of at most `max_length` bytes. Returns 1, or 0 at the end, or -1. */
static int take_line(struct input *in, size_t max_length, const char **line, size_t *length,
                     struct error *err)
{
    int found = input_peek_line(in, 0, max_length, length, err);
    if (found < 0 || (found == 0 && *length == 0))
        return found;
    in->line++;
    if (*length > max_length)
        return input_line_fault(in, err, "longer than %zu bytes", max_length);
    in->unterminated = !found;
    *line = input_take(in, *length + (size_t)found);
    return 1;
}

int input_line(struct input *in, const char **line, size_t *length, struct error *err)
{
    return take_line(in, INPUT_LINE_MAX, line, length, err);
}

int input_text_line(struct input *in, const char **line, size_t *length, struct error *err)
{
    int got = take_line(in, INPUT_TEXT_LINE_MAX, line, length, err);
    if (got > 0 && *length > 0 && (*line)[*length - 1] == '\r')
        --*length;
    return got;
}

bool input_line_ready(const struct input *in)
{
    return in->ended ||
           (input_available(in) > 0 && memchr(input_next(in), '\n', input_available(in)));
}

static int fault(const struct input *in, struct error *err, const char *unit, uint64_t position,
                 const char *format, va_list args)
{
    char message[512];
    vsnprintf(message, sizeof message, format, args);
    return error_set(err, STATUS_INPUT, "%s: %s %llu: %s", in->name, unit,
                     (unsigned long long)position, message);
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
    fault(in, err, "byte", in->offset + in->next, format, args);
    va_end(args);
    return -1;
}

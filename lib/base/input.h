/* SPDX-License-Identifier: MIT */
/* input.h -- reads bytes and lines of a file or a pipe that is not an sgns stream.
 *
 * Bytes are read into one buffer, which grows as needed, and then taken from it. A byte order mark of
 * UTF-8 at the start of the input is dropped; no binary format begins with these bytes. Errors of the
 * content have status 3 and name the line or the byte offset; errors of read() and memory have
 * status 1.
 */
#ifndef SGNS_INPUT_H
#define SGNS_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* The most bytes in a line: input_line(), input_text_line(). */
enum { INPUT_LINE_MAX = 16 << 20, INPUT_TEXT_LINE_MAX = 1 << 20 };

/* At least this many bytes may be read after the last byte of the buffer. */
enum { INPUT_SLACK = 16 };

struct input {
    int fd;
    const char *name; /* for messages */
    char *data;
    size_t capacity, next, end; /* data[next … end − 1] was read and is not taken yet */
    uint64_t offset;            /* of data[0] in the input, in bytes */
    uint64_t line;              /* number of the latest line, from 1 */
    bool ended;                 /* data[end − 1] is the last byte; a newline follows it */
    bool unterminated;          /* the latest line is the last one and has no newline */
};

/* Whether an operand or option stands for standard input: it is "-" or, without one, NULL. */
static inline bool input_is_stdin(const char *path)
{
    return !path || (path[0] == '-' && !path[1]);
}

/* The caller keeps the descriptor; `name` must outlive the input. */
struct input input_from(int fd, const char *name);
void input_release(struct input *input);

/* Reads until `size` bytes are available, or the input ends. Invalidates pointers to earlier
 * bytes. */
int input_fill(struct input *input, size_t size, struct error *err) MUST_USE;

/* The number of bytes that were read and not taken. */
static inline size_t input_available(const struct input *input)
{
    return input->end - input->next;
}

/* The first of these bytes. */
static inline const char *input_next(const struct input *input)
{
    return input->data + input->next;
}

/* Takes the next `size` bytes, which must be available. Returns the first. */
static inline const char *input_take(struct input *input, size_t size)
{
    const char *first = input->data + input->next;
    input->next += size;
    return first;
}

/* Reads, without taking it, the line that starts `start` bytes after input_next(). *length is its
 * size in bytes without the newline, or the number of bytes available if there is no newline within
 * `max_length` bytes or before the end of the input; a newline follows it there, too. Returns 1 if
 * there is a newline, 0 if not, -1 on error. */
int input_peek_line(struct input *input, size_t start, size_t max_length, size_t *length,
                    struct error *err) MUST_USE;

/* Takes the next line of a data file: *line has *length bytes, then a byte that belongs to the
 * buffer, a newline, also if the input ends without one. Valid until the next call. Returns 1, or 0
 * at the end, or -1. */
int input_line(struct input *input, const char **line, size_t *length, struct error *err) MUST_USE;

/* The same for text written by people: *length does not count a carriage return before the
 * newline. */
int input_text_line(struct input *input, const char **line, size_t *length,
                    struct error *err) MUST_USE;

/* Whether input_text_line() can return without waiting for input. */
bool input_line_ready(const struct input *input);

/* Report invalid content in the latest line or at the next byte. Return -1. */
int input_line_fault(const struct input *input, struct error *err, const char *format, ...)
    PRINTF_LIKE(3, 4);
int input_byte_fault(const struct input *input, struct error *err, const char *format, ...)
    PRINTF_LIKE(3, 4);

#endif

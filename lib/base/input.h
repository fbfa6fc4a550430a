/* SPDX-License-Identifier: MIT */
/* input.h -- bytes and lines of a file or a pipe that is no stream of ours.
 *
 * What has arrived and is not taken yet stands in one piece of memory, which grows with it. Errors
 * of the content have status 3 and name the line, or the byte, those of reading status 1.
 */
#ifndef SGNS_INPUT_H
#define SGNS_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Bytes in a line: of data, and of text. */
enum { INPUT_LINE_MAX = 16 << 20, INPUT_TEXT_LINE_MAX = 1 << 20 };

struct input {
    int fd;
    const char *name; /* for messages */
    char *data;
    size_t capacity, next, end; /* data[next … end − 1] has not been taken */
    uint64_t before;            /* bytes before data[0] */
    uint64_t line;              /* the number of the latest line, from 1 */
    bool ended;                 /* there is nothing behind data[end − 1] */
};

/* The descriptor stays the caller's, and `name` must outlive the input. */
struct input input_from(int fd, const char *name);
void input_release(struct input *input);

/* Reads until `wanted` bytes are there to be taken, or the input ends. */
int input_fill(struct input *input, size_t wanted, struct error *err) MUST_USE;

/* What is there to be taken. */
static inline size_t input_left(const struct input *input)
{
    return input->end - input->next;
}

static inline const char *input_next(const struct input *input)
{
    return input->data + input->next;
}

/* Takes the next `size` bytes, which are there. */
static inline const char *input_take(struct input *input, size_t size)
{
    const char *first = input->data + input->next;
    input->next += size;
    return first;
}

/* Looks at the line that starts `at` bytes after the next one, without taking it. *length is its size
 * without the newline, or, if none comes within `most` bytes or before the end of the input, what is there
 * of it. Returns 1 if there is a newline, 0 if not, -1 on error. */
int input_peek_line(struct input *input, size_t at, size_t most, size_t *length,
                    struct error *err) MUST_USE;

/* Takes the next line of a file of data: *line has *length bytes, followed by a newline that does not
 * count, and is valid until the next call. Returns 1, or 0 at the end, or -1, also if the last line has no
 * newline: then something may be missing. */
int input_line(struct input *input, const char **line, size_t *length, struct error *err) MUST_USE;

/* The same for text that people write: a carriage return before the newline does not count either, and
 * the last line may lack its newline. */
int input_text_line(struct input *input, const char **line, size_t *length,
                    struct error *err) MUST_USE;

/* Whether input_text_line() will not have to wait. */
bool input_line_ready(const struct input *input);

/* Report a fault of the content, in the latest line or at the next byte. Return -1. */
int input_line_fault(const struct input *input, struct error *err, const char *format, ...)
    PRINTF_LIKE(3, 4);
int input_byte_fault(const struct input *input, struct error *err, const char *format, ...)
    PRINTF_LIKE(3, 4);

#endif

/* SPDX-License-Identifier: MIT */
#include "tokenizer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memory.h"
#include "words.h"

enum { READ_SIZE = 1 << 20 };

int tokenizer_init(struct tokenizer *t, int fd, const char *name, struct error *err)
{
    *t = (struct tokenizer){.fd = fd, .name = name, .capacity = READ_SIZE + WORD_MAX + 1};
    t->buffer = memory_new(t->capacity, 1, err);
    return t->buffer ? 0 : -1;
}

void tokenizer_release(struct tokenizer *t)
{
    free(t->buffer);
    *t = (struct tokenizer){0};
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Moves what is left to the front and reads more behind it. */
static int refill(struct tokenizer *t, struct error *err)
{
    memmove(t->buffer, t->buffer + t->next, t->end - t->next);
    t->end -= t->next;
    t->next = 0;
    ssize_t n;
    do
        n = read(t->fd, t->buffer + t->end, t->capacity - t->end);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return error_system(err, "%s: read failed at byte %llu", t->name,
                            (unsigned long long)t->bytes);
    t->end_of_file = n == 0;
    t->end += (size_t)n;
    t->bytes += (uint64_t)n;
    return 0;
}

/* Passes over the rest of a token that is longer than any word. */
static int skip_token(struct tokenizer *t, struct error *err)
{
    for (;;) {
        while (t->next < t->end && !is_space(t->buffer[t->next]))
            t->next++;
        if (t->next < t->end || t->end_of_file)
            return 0;
        if (refill(t, err) < 0)
            return -1;
    }
}

/* The token that starts at `next`. */
static int take_token(struct tokenizer *t, const char **word, size_t *length, struct error *err)
{
    size_t size = 0;
    for (;;) {
        while (t->next + size < t->end && !is_space(t->buffer[t->next + size]))
            size++;
        if (size > WORD_MAX)
            return skip_token(t, err) < 0 ? -1 : TOKEN_BAD_WORD;
        if (t->next + size < t->end || t->end_of_file)
            break;
        if (refill(t, err) < 0)
            return -1;
    }
    *word = t->buffer + t->next;
    *length = size;
    t->next += size;
    return memchr(*word, 0, size) ? TOKEN_BAD_WORD : TOKEN_WORD;
}

int tokenizer_next(struct tokenizer *t, const char **word, size_t *length, struct error *err)
{
    for (;;) {
        while (t->next < t->end && is_space(t->buffer[t->next])) {
            if (t->buffer[t->next++] == '\n') {
                t->line_open = false;
                return TOKEN_LINE_END;
            }
            t->line_open = true;
        }
        if (t->next < t->end) {
            t->line_open = true;
            return take_token(t, word, length, err);
        }
        if (t->end_of_file && t->line_open) {
            t->line_open = false;
            return TOKEN_LINE_END;
        }
        if (t->end_of_file)
            return TOKEN_END;
        if (refill(t, err) < 0)
            return -1;
    }
}

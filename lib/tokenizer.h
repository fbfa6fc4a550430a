/* SPDX-License-Identifier: MIT */
/* tokenizer.h -- text to tokens: a line is a sentence, ASCII white space separates.
 *
 * A token is bytes: no case folding, no Unicode. The text is read in one pass and may be a pipe; a
 * last line without newline counts like any other. Tokens come some hundreds at a time, so that the
 * work on each of them can be a short loop.
 */
#ifndef SGNS_TOKENIZER_H
#define SGNS_TOKENIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "words.h"

struct tokenizer {
    int fd;
    const char *name;
    char *buffer;
    size_t start;   /* of the word that is open: the first byte that no token holds yet */
    size_t next;    /* the first byte that is not looked at yet */
    size_t end;     /* of the bytes that are there */
    uint64_t bytes; /* read so far */
    bool end_of_file;
    bool zeros;     /* a zero byte may be among the bytes that are there */
    bool too_long;  /* bytes of the open word were dropped */
    bool line_open; /* the last byte that was read is not the end of a line */
};

int tokenizer_init(struct tokenizer *t, int fd, const char *name, struct error *err) MUST_USE;
void tokenizer_release(struct tokenizer *t);

/* The next tokens, at least one, lent until the next call. A word with a zero byte or above
 * WORD_MAX bytes is a bad word. Returns 1, or 0 at the end of the input, or -1. */
int tokenizer_read(struct tokenizer *t, struct tokens *tokens, struct error *err) MUST_USE;

#endif

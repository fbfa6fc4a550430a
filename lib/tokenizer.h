/* SPDX-License-Identifier: MIT */
/* tokenizer.h -- text to tokens: a line is a sentence, ASCII white space separates.
 *
 * A token is bytes: no case folding, no Unicode. The text is read in one pass and may be a pipe; a
 * last line without newline counts like any other.
 */
#ifndef SGNS_TOKENIZER_H
#define SGNS_TOKENIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

enum token_kind {
    TOKEN_END = 0, /* of the input */
    TOKEN_WORD,
    TOKEN_BAD_WORD, /* more than WORD_MAX bytes, or with a zero byte: no word of a vocabulary */
    TOKEN_LINE_END
};

struct tokenizer {
    int fd;
    const char *name;
    char *buffer; /* bytes from next to end are not looked at yet */
    size_t capacity, next, end;
    uint64_t bytes; /* read so far */
    bool end_of_file, line_open;
};

int tokenizer_init(struct tokenizer *t, int fd, const char *name, struct error *err) MUST_USE;
void tokenizer_release(struct tokenizer *t);

/* The next token: an enum token_kind, or -1. With TOKEN_WORD, *word and *length are lent until the
 * next call. */
int tokenizer_next(struct tokenizer *t, const char **word, size_t *length,
                   struct error *err) MUST_USE;

#endif

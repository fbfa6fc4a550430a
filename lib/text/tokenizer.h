/* SPDX-License-Identifier: MIT */
/* tokenizer.h -- text to tokens: a line is a sentence, ASCII white space separates.
 *
 * A token is bytes: no case folding, no Unicode. The text is read in one pass and may be a pipe; a
 * last line without newline counts like any other. It comes in blocks, which end with white space,
 * so that no word lies in two of them and any thread can find a block's tokens; where they end
 * depends on the text alone. Tokens come some hundreds at a time, so that the work on each of them
 * can be a short loop.
 */
#ifndef SGNS_TOKENIZER_H
#define SGNS_TOKENIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "stream/words.h"

/* ---- blocks ---- */

/* Small beside the second-level cache, which is for the table of words. */
enum { TEXT_BLOCK = 1 << 17 /* bytes that are read for a block, more or less */ };

struct text_reader {
    int fd;
    const char *name;
    size_t block_size;
    uint64_t bytes; /* read so far */
    char *rest;     /* what was read behind the last white space of a block: the next one's begin */
    size_t rest_size;
    bool too_long;  /* the word that is open is above WORD_MAX bytes, and dropped so far */
    uint64_t word;  /* and begins at this place */
    bool line_open; /* the last byte that was read is not the end of a line */
    bool ended;
};

/* All zero is one that can be filled. */
struct text_block {
    char *data;
    size_t size;
    uint64_t first; /* the place in the text of the first byte */
    bool too_long;  /* it begins inside a word above WORD_MAX bytes */
    uint64_t word;  /* which begins at this place */
    bool last;      /* the text ends here, maybe without white space */
    bool line_open; /* and without newline */
};

/* `block_size`: TEXT_BLOCK, or another number from 1 on. */
int text_reader_init(struct text_reader *text, int fd, const char *name, size_t block_size,
                     struct error *err) MUST_USE;
void text_reader_release(struct text_reader *text);

/* The next block. Returns 1, or 0 at the end of the input, or -1: status 3 for a stream, or what else
 * zstd compressed, instead of a text. */
int text_reader_read(struct text_reader *text, struct text_block *block,
                     struct error *err) MUST_USE;
void text_block_release(struct text_block *block);

/* ---- tokens ---- */

struct tokenizer {
    const struct text_block *block;
    size_t start;  /* of the word that is open: the first byte that no token holds yet */
    size_t next;   /* the first byte that is not looked at yet */
    bool zeros;    /* there is a zero byte */
    bool too_long; /* the beginning of the open word was dropped */
    bool line_open;
};

struct tokenizer tokenizer_over(const struct text_block *block);

/* The next tokens, at least one, lent as long as the block stays. A word with a zero byte or above
 * WORD_MAX bytes is a bad word. False at the end of the block. */
bool tokenizer_next(struct tokenizer *tokenizer, struct tokens *tokens);

/* An error of status 3 where one of them is a bad word. `name`: of the text. */
int tokenizer_refuse_bad_words(const struct tokenizer *tokenizer, const struct tokens *tokens,
                               const char *name, struct error *err) MUST_USE;

#endif

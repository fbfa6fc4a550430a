/* SPDX-License-Identifier: MIT */
/* tokenizer.h -- splits a text into tokens: lines are sentences, ASCII white space ends words.
 *
 * A word is a sequence of bytes: no case folding, no Unicode. The text is read in one pass and
 * may be a pipe; a last line without a newline counts like any other. The reader returns blocks
 * that end with white space, so that no word crosses a block boundary and any thread can tokenize
 * a block. Block boundaries depend on the text alone. The tokenizer returns a few hundred tokens
 * at a time, so that per-token work can be a short loop.
 */
#ifndef SGNS_TOKENIZER_H
#define SGNS_TOKENIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "stream/words.h"
#include "text/text_files.h"

/* ---- blocks ---- */

/* Small compared with the second-level cache, which should hold the word table. */
enum { TEXT_BLOCK = 1 << 17 /* approximate bytes read per block */ };

struct text_reader {
    struct text_files files;
    size_t block_size;
    char *carry; /* bytes read after the last white space of a block: they start the next block */
    size_t carry_size;
    bool too_long;        /* the unfinished word exceeds WORD_MAX bytes; its bytes were dropped */
    uint64_t word_offset; /* byte offset of that word in the text */
    bool ended;
};

/* Initialise with zeros; text_reader_read allocates `data`. */
struct text_block {
    char *data;
    size_t size;
    uint64_t offset;      /* byte offset of data[0] in the text */
    bool too_long;        /* the block begins inside a word longer than WORD_MAX bytes */
    uint64_t word_offset; /* byte offset of that word in the text */
    bool last;            /* the text ends with this block, possibly without white space */
    bool line_open;       /* the text ends without a newline */
    size_t files;         /* whose turn has come, see text_files_at() */
};

/* The text is that of the files (count), see text_files.h. `block_size` is TEXT_BLOCK, or any other
 * number of bytes from 1 on. Release the reader with text_reader_release. */
int text_reader_init_files(struct text_reader *text, const struct text_file *file, size_t count,
                           size_t block_size, struct error *err) MUST_USE;
/* The same for one open file. */
int text_reader_init(struct text_reader *text, int fd, const char *name, size_t block_size,
                     struct error *err) MUST_USE;
void text_reader_release(struct text_reader *text);

/* Reads the next block. Returns 1, or 0 at the end of the input, or -1. A file
 * that is no text, see base/content.h, is an error of status 3. */
int text_reader_read(struct text_reader *text, struct text_block *block,
                     struct error *err) MUST_USE;
void text_block_release(struct text_block *block);

/* ---- tokens ---- */

struct tokenizer {
    const struct text_block *block;
    size_t start;  /* of the unfinished word: index of the first byte that is in no token yet */
    size_t next;   /* index of the first byte that was not scanned yet */
    bool zeros;    /* the block contains a zero byte */
    bool too_long; /* the beginning of the unfinished word was dropped */
    bool line_open;
};

struct tokenizer tokenizer_over(const struct text_block *block);

/* Returns the next tokens, at least one, or false at the end of the block. The tokens point into
 * the block. A word with a zero byte or of more than WORD_MAX bytes becomes a bad word. */
bool tokenizer_next(struct tokenizer *tokenizer, struct tokens *tokens);

/* Returns an error of status 3, which names file and byte, if one of the tokens is a bad word. */
int tokenizer_refuse_bad_words(const struct tokenizer *tokenizer, const struct tokens *tokens,
                               const struct text_files *files, struct error *err) MUST_USE;

#endif

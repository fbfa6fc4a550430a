/* SPDX-License-Identifier: MIT */
/* words.h -- a table of words, numbered from 0, and an index that finds them.
 *
 * A word is a sequence of at least one byte with a length; there is no terminating zero. The index
 * hashes with a new random key in every process, so that no text can be constructed to collide. Its
 * results do not depend on the key.
 */
#ifndef SGNS_WORDS_H
#define SGNS_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define WORD_MAX   UINT16_MAX /* the most bytes in a word of a text */
#define WORDS_MAX  INT32_MAX  /* the most words in a table */
#define WORD_SLACK 16         /* readable bytes that must follow the text of words */
#define NO_WORD    UINT32_MAX /* in the place of an id: no word */

/* Whether `length` bytes are a valid word of a text: 1 to WORD_MAX bytes, without zero bytes and
 * ASCII white space. */
bool word_is_valid(const char *word, size_t length);

/* A table that only grows. All fields zero: an empty table. */
struct words {
    uint32_t count;
    char *text;       /* the words, one after the other; then WORD_SLACK readable bytes */
    uint64_t *offset; /* (count + 1, once count > 0) of each word in text, and of the end */
    size_t text_capacity, offset_capacity;
};

void words_release(struct words *words);
/* Appends a word of `length` bytes; does not check for duplicates. */
int words_append(struct words *words, const char *word, size_t length, struct error *err) MUST_USE;

static inline const char *words_text(const struct words *words, uint32_t id)
{
    return words->text + words->offset[id];
}

static inline size_t words_length(const struct words *words, uint32_t id)
{
    return (size_t)(words->offset[id + 1] - words->offset[id]);
}

/* The id of a word, or NO_WORD. A linear search, for a few look-ups. */
uint32_t words_find(const struct words *words, const char *word, size_t length);

/* Consecutive tokens of a text: words, invalid words, and line ends. */
enum { TOKENS_MAX = 512 /* few enough for all data about them to stay in the first-level cache */ };
#define TOKEN_LINE_END 0
#define TOKEN_BAD_WORD UINT32_MAX /* or any length above WORD_MAX */

struct tokens {
    uint32_t count;
    uint32_t length[TOKENS_MAX]; /* in bytes, or TOKEN_LINE_END or TOKEN_BAD_WORD */
    /* The first byte of each token. At least WORD_SLACK bytes from there on are readable if it is a
     * word or a line end. */
    const char *text[TOKENS_MAX];
};

static inline bool token_is_word(const struct tokens *tokens, uint32_t i)
{
    return tokens->length[i] - 1u < WORD_MAX;
}

struct word_index;

/* Creates an index of the words that the table has now. The table must outlive the index, and from
 * now on only the index may append to it. NULL on error. */
struct word_index *word_index_new(struct words *words, struct error *err) MUST_USE;
void word_index_free(struct word_index *index);

/* The id of a word, or NO_WORD. */
uint32_t word_index_find(const struct word_index *index, const char *word, size_t length);

/* The id of a word; appends the word to the table if it is new. NO_WORD on error. */
uint32_t word_index_intern(struct word_index *index, const char *word, size_t length,
                           struct error *err) MUST_USE;

/* The same two for many tokens: id[i] becomes the id of token i; NO_WORD if it is not a word. */
void word_index_find_all(const struct word_index *index, const struct tokens *tokens, uint32_t *id);
int word_index_intern_all(struct word_index *index, const struct tokens *tokens, uint32_t *id,
                          struct error *err) MUST_USE;

#endif

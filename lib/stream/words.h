/* SPDX-License-Identifier: MIT */
/* words.h -- words as bytes with a length, numbered from 0, and an index to find them by.
 *
 * A word is any bytes, at least one; it is not closed by a zero. The index hashes with a key drawn
 * anew in every process, so that no text can be made to collide; what it answers depends on the
 * words alone.
 */
#ifndef SGNS_WORDS_H
#define SGNS_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define WORD_MAX   UINT16_MAX /* bytes in a word of a text */
#define WORDS_MAX  INT32_MAX  /* words in a table */
#define WORD_SLACK 16         /* bytes behind a word that are read together with it */
#define NO_WORD    UINT32_MAX /* in place of an id: there is no such word */

/* Whether these bytes can be a word: 1 to WORD_MAX of them, and neither zero nor white space of
 * ASCII. */
bool word_is_valid(const char *word, size_t length);

/* A table that only grows. All zero is an empty one. */
struct words {
    uint32_t count;
    char *text; /* the words, one behind the other; WORD_SLACK bytes follow that can be read */
    uint64_t *offset; /* of each word in text, and of the end: count + 1 of them once count > 0 */
    size_t text_capacity, offset_capacity;
};

void words_release(struct words *words);
int words_append(struct words *words, const char *word, size_t length, struct error *err) MUST_USE;

static inline const char *words_text(const struct words *words, uint32_t id)
{
    return words->text + words->offset[id];
}

static inline size_t words_length(const struct words *words, uint32_t id)
{
    return (size_t)(words->offset[id + 1] - words->offset[id]);
}

/* The id of a word, or NO_WORD, by looking at every one: for a few look-ups. */
uint32_t words_find(const struct words *words, const char *word, size_t length);

/* Pieces of a text in their order: words, bad words, and ends of lines. */
enum { TOKENS_MAX = 512 /* so few that what is known of them stays in the first-level cache */ };
#define TOKEN_LINE_END 0
#define TOKEN_BAD_WORD UINT32_MAX /* or any length above WORD_MAX */

struct tokens {
    uint32_t count;
    uint32_t length[TOKENS_MAX]; /* in bytes, or one of the above */
    /* Of a word its first byte; WORD_SLACK bytes from there on can be read, however short it is, and
     * of the end of a line as well. */
    const char *text[TOKENS_MAX];
};

static inline bool token_is_word(const struct tokens *tokens, uint32_t i)
{
    return tokens->length[i] - 1u < WORD_MAX;
}

struct word_index;

/* An index of the words that the table has now; the table must outlive it. NULL on error. */
struct word_index *word_index_new(struct words *words, struct error *err) MUST_USE;
void word_index_free(struct word_index *index);

/* The id of a word, or NO_WORD. */
uint32_t word_index_find(const struct word_index *index, const char *word, size_t length);

/* The id of a word, which is appended to the table where it was not there; NO_WORD on error. */
uint32_t word_index_intern(struct word_index *index, const char *word, size_t length,
                           struct error *err) MUST_USE;

/* The same for many: id[i] is that of token i; NO_WORD for what is no word. */
void word_index_find_all(const struct word_index *index, const struct tokens *tokens, uint32_t *id);
int word_index_intern_all(struct word_index *index, const struct tokens *tokens, uint32_t *id,
                          struct error *err) MUST_USE;

#endif

/* SPDX-License-Identifier: MIT */
/* vocab.h -- a vocabulary: words, numbered from 0, and the count of each.
 *
 * Id 0 is <unk>, the token for every word without an id of its own. In the final vocabulary
 * (vocab_select) the other words are in the order of decreasing count; in counts, in the order of
 * first appearance. The counts are those of the text that the vocabulary was made from; they stay
 * the same through the whole pipe. Vectors imported from another program keep that program's order,
 * may lack <unk>, and have counts of 0, which means unknown.
 */
#ifndef SGNS_VOCAB_H
#define SGNS_VOCAB_H

#include <stdbool.h>
#include <stdint.h>

#include "stream/words.h"

enum { UNKNOWN_ID = 0 };
#define UNKNOWN_WORD "<unk>"

/* All fields zero: an empty vocabulary. */
struct vocab {
    struct words words;
    uint64_t *count; /* (words.count) */
    size_t count_capacity;
};

void vocab_release(struct vocab *vocab);
/* Appends a word of `length` bytes with its count; does not check for duplicates. */
int vocab_append(struct vocab *vocab, const char *word, size_t length, uint64_t count,
                 struct error *err) MUST_USE;

/* Whether id 0 is <unk>, as in every vocabulary that was made from a text. */
bool vocab_has_unknown(const struct vocab *vocab);

/* Whether the vocabulary was made from a text, or from examples: it has <unk> and counts. */
bool vocab_is_counted(const struct vocab *vocab);

/* The number of tokens of known words, N: the sum of all counts except that of <unk>. */
uint64_t vocab_known_tokens(const struct vocab *vocab);

/* Builds the vocabulary of a text from its `words` and their counts (words->count): those that
 * occur at least `min_count` times, by decreasing count, ties by id in `words`. Keeps only the
 * first `max_words` − 1 of them, so that there are at most `max_words` with <unk>. The count of
 * <unk> is that of all other words, of <unk> in `words`, and of `unknown` further tokens. Fills
 * new_id (words->count): the new id of each word, UNKNOWN_ID for those left out. `vocab` must be
 * empty. */
int vocab_select(struct vocab *vocab, const struct words *words, const uint64_t *counts,
                 uint64_t unknown, uint64_t min_count, uint32_t max_words, uint32_t *new_id,
                 struct error *err) MUST_USE;

#endif

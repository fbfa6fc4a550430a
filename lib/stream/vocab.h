/* SPDX-License-Identifier: MIT */
/* vocab.h -- the vocabulary: words by falling count, and how often each occurs.
 *
 * Id 0 is <unk>, which stands for every word that has no id of its own. The counts are those of the
 * text that the vocabulary was made from, and stay so through the whole pipe. Vectors from another
 * program have their words in its order, not all have <unk>, and their counts are 0: not known.
 */
#ifndef SGNS_VOCAB_H
#define SGNS_VOCAB_H

#include <stdbool.h>
#include <stdint.h>

#include "stream/words.h"

enum { UNKNOWN_ID = 0 };
#define UNKNOWN_WORD "<unk>"

/* All zero is an empty one. */
struct vocab {
    struct words words;
    uint64_t *count; /* words.count of them */
    size_t count_capacity;
};

void vocab_release(struct vocab *vocab);
int vocab_append(struct vocab *vocab, const char *word, size_t length, uint64_t count,
                 struct error *err) MUST_USE;

/* Whether id 0 is <unk>: so in every vocabulary that was made from a text. */
bool vocab_has_unknown(const struct vocab *vocab);

/* Tokens of known words: N, the sum of all counts but that of <unk>. */
uint64_t vocab_known_tokens(const struct vocab *vocab);

/* Builds the vocabulary of a text: of `words`, with counts[id] of each, those that occur at least
 * `min_count` times, by falling count, ties by place in `words`; of these the first `max_words` −
 * 1, so that with <unk> there are at most `max_words`. A word <unk> counts as unknown, and so do
 * `unknown` further tokens. Fills new_id, of words->count entries: the id that a word now has,
 * UNKNOWN_ID for those left out. `vocab` is empty before. */
int vocab_select(struct vocab *vocab, const struct words *words, const uint64_t *counts,
                 uint64_t unknown, uint64_t min_count, uint32_t max_words, uint32_t *new_id,
                 struct error *err) MUST_USE;

#endif

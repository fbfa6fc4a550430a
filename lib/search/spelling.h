/* SPDX-License-Identifier: MIT */
/* spelling.h -- finds words of the vocabulary that are spelt similarly to an unknown word. */
#ifndef SGNS_SPELLING_H
#define SGNS_SPELLING_H

#include "stream/vocab.h"

enum { SPELLING_SUGGESTIONS = 3 };

/* Stores the ids of the closest words in `suggestion`, at most SPELLING_SUGGESTIONS: those with
 * the fewest edits first (inserting, deleting or replacing a byte, or exchanging two adjacent
 * bytes), and at equal numbers of edits the most frequent. Words with more edits than max(2,
 * length / 3) are not suggested. Returns the number of suggestions, or -1. */
int spelling_closest(const struct vocab *vocab, const char *word, size_t length,
                     uint32_t suggestion[SPELLING_SUGGESTIONS], struct error *err) MUST_USE;

/* Sets an error of status 6 for a word that is not in the vocabulary, with the closest words.
 * `source` is the name of the vocabulary's input. Returns -1. */
int spelling_unknown(const struct vocab *vocab, const char *source, const char *word, size_t length,
                     struct error *err);

/* Finds the id of a word given by the user. If it is not in the vocabulary, sets the error
 * above. */
int spelling_find(const struct vocab *vocab, const char *source, const char *word, uint32_t *id,
                  struct error *err) MUST_USE;

#endif

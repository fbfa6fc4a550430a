/* SPDX-License-Identifier: MIT */
/* spelling.h -- finds words of the vocabulary that are spelt similarly to an unknown word. */
#ifndef SGNS_SPELLING_H
#define SGNS_SPELLING_H

#include "stream/vocab.h"

enum { SPELLING_SUGGESTIONS = 3, SPELLING_TEXT = 512 };

/* Stores the ids of the closest words in `suggestion`, at most SPELLING_SUGGESTIONS: those with
 * the fewest edits first (inserting, deleting or replacing a byte, or exchanging two adjacent
 * bytes), and at equal numbers of edits the most frequent. Differences in case are no edits, nor
 * are those between a space, "_" and "-". The most edits are a third of the bytes, at least 2;
 * for a word of one byte 0, of two or three bytes 1. Returns the number of suggestions, or -1.
 * Takes about 30 ms per million words. */
int spelling_closest(const struct vocab *vocab, const char *word, size_t length,
                     uint32_t suggestion[SPELLING_SUGGESTIONS], struct error *err) MUST_USE;

/* Writes "; closest: a, b, c" with these words into `to` (SPELLING_TEXT), or nothing if there are
 * none. Returns 0 or -1. */
int spelling_suggest(const struct vocab *vocab, const char *word, size_t length, char *to,
                     struct error *err) MUST_USE;

/* Sets an error of status 6 for a word that is not in the vocabulary, with the closest words.
 * `source` is the name of the vocabulary's input. Returns -1. */
int spelling_unknown(const struct vocab *vocab, const char *source, const char *word, size_t length,
                     struct error *err);

#endif

/* SPDX-License-Identifier: MIT */
/* spelling.h -- words of the vocabulary that are spelt like one that is not in it. */
#ifndef SGNS_SPELLING_H
#define SGNS_SPELLING_H

#include "stream/vocab.h"

enum { SPELLING_OFFERS = 3 };

/* Fills offer with the ids of the closest words, at most SPELLING_OFFERS: least edits first (a byte
 * inserted, dropped, replaced, or two neighbours exchanged), of these the most frequent. Words that
 * need more edits than a third of the length, and at least 2, are none. Returns how many, or −1. */
int spelling_closest(const struct vocab *vocab, const char *word, size_t length,
                     uint32_t offer[SPELLING_OFFERS], struct error *err) MUST_USE;

/* An error of status 2 about a word that is not in the vocabulary, with the closest ones; `source` is
 * what the vocabulary came from. Returns −1. */
int spelling_unknown(const struct vocab *vocab, const char *source, const char *word, size_t length,
                     struct error *err);

/* The id of a word that the user named. Where it is not in the vocabulary, the error above. */
int spelling_find(const struct vocab *vocab, const char *source, const char *word, uint32_t *id,
                  struct error *err) MUST_USE;

#endif

/* SPDX-License-Identifier: MIT */
/* case_folding.h -- finds the words of a vocabulary, case-sensitively or ignoring case.
 *
 * Words that differ only in case form a group; a search finds the first word of the group, which
 * is the most frequent one. Letters are folded one by one, by Unicode, so that "ß" is not
 * changed. Without the locale C.UTF-8, which every Debian system has, only A to Z are folded.
 */
#ifndef SGNS_CASE_FOLDING_H
#define SGNS_CASE_FOLDING_H

#include <locale.h>
#include <stdbool.h>

#include "stream/words.h"

struct case_folding {
    bool case_sensitive; /* every word is a group of its own */
    locale_t locale;     /* 0: not available */
    struct words forms;  /* (groups) the folded form of each group's words */
    struct word_index *index;
    uint32_t *first; /* (groups) the id of the group's first word */
    uint32_t *group; /* (words) the index of each word's group */
    char *scratch;
    size_t scratch_capacity;
};

/* Groups the first `count` words of `words`. On error there is nothing to release. */
int case_folding_init(struct case_folding *folding, const struct words *words, uint32_t count,
                      bool case_sensitive, struct error *err) MUST_USE;
void case_folding_release(struct case_folding *folding);

/* Returns the folded form of a word (*length), valid until the next call, and sets *length to the
 * length of the form. NULL on error. */
const char *case_folding_form(struct case_folding *folding, const char *word, size_t *length,
                              struct error *err) MUST_USE;

/* The id of the first word of the group with this form, or NO_WORD. */
uint32_t case_folding_find(const struct case_folding *folding, const char *form, size_t length);

#endif

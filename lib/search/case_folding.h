/* SPDX-License-Identifier: MIT */
/* case_folding.h -- finds the words of a vocabulary, with or without regard to upper and lower case.
 *
 * Words that differ in case alone are a group, of which the first word, the most frequent one, stands
 * for all. Case is that of Unicode, letter by letter, so that "ß" stays what it is; without the locale
 * C.UTF-8, which every Debian has, it is that of A to Z.
 */
#ifndef SGNS_CASE_FOLDING_H
#define SGNS_CASE_FOLDING_H

#include <locale.h>
#include <stdbool.h>

#include "stream/words.h"

/* All zero is an empty one. */
struct case_folding {
    bool matters;
    locale_t locale;    /* 0: none */
    struct words forms; /* the words as they are compared, one for each group */
    struct word_index *index;
    uint32_t *first; /* (groups) word */
    uint32_t *group; /* (words) */
    char *scratch;
    size_t scratch_capacity;
};

/* Of the first `count` of the words. On error there is nothing to release. */
int case_folding_init(struct case_folding *lc, const struct words *words, uint32_t count,
                      bool matters, struct error *err) MUST_USE;
void case_folding_release(struct case_folding *lc);

/* The word as it is compared, and its length, valid until the next call. NULL on error. */
const char *case_folding_form(struct case_folding *lc, const char *word, size_t *length,
                              struct error *err) MUST_USE;

/* The first word of a group whose form this is, or NO_WORD. */
uint32_t case_folding_find(const struct case_folding *lc, const char *form, size_t length);

#endif

/* SPDX-License-Identifier: MIT */
/* testset.h -- reads test sets for vectors from text: word similarities, or analogies.
 *
 * A line is a pair of words and a rating, or the four words of an analogy. Fields are separated by
 * tabs, or, if the line has no tab, by spaces; in a CSV file, which the first line reveals, by
 * commas or semicolons. ": name" begins a section of analogies. Empty lines, lines that begin with
 * '#', and a heading of three fields (word, word, rating) are skipped. A heading that begins with
 * "word" and names one rating, such as that of SimLex-999, selects the column of the ratings.
 * The first line that is not skipped decides between similarities and analogies. A number beside
 * words is no part of an analogy, except in the same place of both pairs or after a section line.
 */
#ifndef SGNS_TESTSET_H
#define SGNS_TESTSET_H

#include "search/case_folding.h"

enum testset_kind { TESTSET_PAIRS, TESTSET_ANALOGIES };

struct test_item {
    uint32_t word[4]; /* a pair has two; NO_WORD: unknown */
    uint32_t section; /* index, for analogies */
    double rating;    /* for pairs */
};

/* Initialise with zeros. */
struct testset {
    enum testset_kind kind;
    struct test_item *item;
    size_t items, item_capacity;
    char **section; /* names; the first is "", for items before any section line */
    size_t sections, section_capacity;
    /* The unknown words, each once: as spelt at their first occurrence, and in folded form. */
    struct words unknown, unknown_forms;
};

/* Reads a test set to its end. `name` is for messages. `set` must be empty before; the caller
 * releases it, even on error. An invalid line is an error of status 3 that names it. */
int testset_read(struct testset *set, int fd, const char *name, struct case_folding *words,
                 struct error *err) MUST_USE;
void testset_release(struct testset *set);

/* Whether all of an item's words are known. */
bool testset_known(const struct testset *set, const struct test_item *item);

#endif

/* SPDX-License-Identifier: MIT */
/* testset.h -- test sets for vectors, as text: word similarities, or analogies.
 *
 * A line is a pair of words and a rating, or the four words of an analogy, separated by tabs, or where
 * the line has no tab by spaces; ": name" begins a section of analogies. Empty lines and those that
 * begin with '#' are passed over, and so is a heading of three fields. Which of the two it is, the
 * first line tells that is not passed over.
 */
#ifndef SGNS_TESTSET_H
#define SGNS_TESTSET_H

#include "search/case_folding.h"

enum testset_kind { TESTSET_PAIRS, TESTSET_ANALOGIES };

struct test_item {
    uint32_t word[4]; /* two of a pair; NO_WORD: unknown */
    uint32_t section;
    double rating;
};

/* All zero is an empty one. */
struct testset {
    enum testset_kind kind;
    struct test_item *item;
    size_t items, item_capacity;
    char **section; /* their names; the first, which is empty, has what comes before any */
    size_t sections, section_capacity;
    /* The words that are not known, each once, as they are spelt first; and as they are compared. */
    struct words unknown, unknown_forms;
};

/* Reads a test set to its end. `name` is for messages. An error of status 3 names the line. The set is
 * empty before, and the caller's to release, also on error. */
int testset_read(struct testset *set, int fd, const char *name, struct case_folding *words,
                 struct error *err) MUST_USE;
void testset_release(struct testset *set);

/* Whether all of an item's words are known. */
bool testset_known(const struct testset *set, const struct test_item *item);

#endif

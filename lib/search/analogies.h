/* SPDX-License-Identifier: MIT */
/* analogies.h -- "a is to b as c is to which word?", in two ways, by the cosines of a word with the
 * three, cos(w, a) and so on, without any addend:
 *
 * 3CosAdd   cos(w, b) + cos(w, c) − cos(w, a)
 * 3CosMul   (1 + cos(w, b))/2 · (1 + cos(w, c))/2 / ((1 + cos(w, a))/2 + 1e-6)
 *
 * The answer is the word of the largest score, of equal ones the one with the smallest id; a, b and c
 * themselves are none. It is exact: float32 products choose candidates, double precision decides.
 */
#ifndef SGNS_ANALOGIES_H
#define SGNS_ANALOGIES_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "stream/words.h"

enum analogy_method { ANALOGY_ADD, ANALOGY_MUL, ANALOGY_METHODS };

struct analogy {
    uint32_t word[3];                 /* a, b, c */
    uint32_t answer[ANALOGY_METHODS]; /* NO_WORD where there is no other word */
};

struct analogies_config {
    const float *rows; /* (words, dim) */
    uint32_t words, dim;
    const uint32_t *group; /* (words): no word of the groups of a, b and c is an answer */
    unsigned threads;      /* at least 1 */
};

/* Fills in the answers (n). They do not depend on the number of threads. */
int analogies_solve(const struct analogies_config *config, struct analogy *analogy, size_t n,
                    struct error *err) MUST_USE;

#endif

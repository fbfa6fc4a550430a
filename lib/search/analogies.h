/* SPDX-License-Identifier: MIT */
/* analogies.h -- answers "a is to b as c is to which word?" by two methods.
 *
 * The score of a word w is computed from its cosines with a, b and c (cosine.h):
 *
 * 3CosAdd   cos(w, b) + cos(w, c) − cos(w, a)
 * 3CosMul   (1 + cos(w, b))/2 · (1 + cos(w, c))/2 / ((1 + cos(w, a))/2 + 1e-6)
 *
 * The answer is the word with the largest score; of words with equal scores, the one with the
 * smallest id. The words a, b and c are never answers. The answer is exact: float32 products select
 * candidates, scores in double precision decide.
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
    uint32_t answer[ANALOGY_METHODS]; /* result; NO_WORD if there is no other word */
};

struct analogies_config {
    const float *rows; /* (words, dim): the vectors */
    uint32_t words, dim;
    const uint32_t
        *group; /* (words): words in the group of a, b or c are never answers (case_folding.h) */
    uint32_t first;   /* words before this one are never answers: 1 for <unk> without a vector */
    unsigned threads; /* at least 1 */
    /* Called from time to time, on the caller's thread, with the parts of the work that are done.
     * NULL: never called. */
    void (*progress)(size_t done, size_t parts);
};

/* Fills in the answers of analogy (n). They do not depend on the number of threads. */
int analogies_solve(const struct analogies_config *config, struct analogy *analogy, size_t n,
                    struct error *err) MUST_USE;

#endif

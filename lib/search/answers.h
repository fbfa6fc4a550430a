/* SPDX-License-Identifier: MIT */
/* answers.h -- prints the words nearest to queries: as text for people, as TSV, or as JSON. */
#ifndef SGNS_ANSWERS_H
#define SGNS_ANSWERS_H

#include <stdbool.h>
#include <stdio.h>

#include "search/knn.h"
#include "stream/words.h"

enum answers_format {
    ANSWERS_TEXT, /* "cosine sim=0.733: word" */
    ANSWERS_TSV,  /* query, rank from 1, word, cosine */
    ANSWERS_JSON  /* one object per line: query, and neighbours with word and cosine */
};

struct answers {
    FILE *to;      /* the caller checks it for errors */
    bool terminal; /* `to` is a terminal: words are escaped */
    enum answers_format format;
    bool headings; /* in text: print each query above its answer, and an empty line between two */
    const struct words *words;
    uint64_t printed; /* queries so far */
};

/* Prints the answer to one query (length): found (k) up to the first NO_WORD. */
void answers_print(struct answers *answers, const char *query, size_t length,
                   const struct neighbour *found, uint32_t k);

#endif

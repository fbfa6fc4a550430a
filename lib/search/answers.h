/* SPDX-License-Identifier: MIT */
/* answers.h -- the words nearest to queries, as text for people, as TSV, or as JSON. */
#ifndef SGNS_ANSWERS_H
#define SGNS_ANSWERS_H

#include <stdbool.h>
#include <stdio.h>

#include "search/knn.h"
#include "stream/words.h"

enum answers_format {
    ANSWERS_TEXT, /* "cosine sim=0.733: word" */
    ANSWERS_TSV,  /* query, rank from 1, word, cosine */
    ANSWERS_JSON  /* an object a line: query, neighbours: word, cosine */
};

struct answers {
    FILE *to; /* its errors stay there */
    bool terminal;
    enum answers_format format;
    bool headings; /* in text: the query above its answer, an empty line between two */
    const struct words *words;
    uint64_t printed; /* queries so far */
};

/* The answer to one query (length): found (k), of which those from NO_WORD on are none. */
void answers_print(struct answers *answers, const char *query, size_t length,
                   const struct neighbour *found, uint32_t k);

#endif

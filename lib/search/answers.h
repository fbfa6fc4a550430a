/* SPDX-License-Identifier: MIT */
/* answers.h -- prints the answers to queries: as text for people, as TSV, or as JSON. */
#ifndef SGNS_ANSWERS_H
#define SGNS_ANSWERS_H

#include <stdbool.h>
#include <stdio.h>

#include "search/queries.h"

enum answers_format {
    ANSWERS_TEXT, /* "cosine sim=0.733: word" */
    ANSWERS_TSV,  /* the query, the answer and the cosine */
    ANSWERS_JSON  /* one object per query */
};

struct answers {
    FILE *to;      /* the caller checks it for errors */
    bool terminal; /* `to` is a terminal: words are escaped */
    enum answers_format format;
    bool headings; /* in text: print the query above neighbours, and an empty line between two */
    double min_cosine; /* of the neighbours that are printed */
    const struct words *words;
    uint64_t printed; /* queries so far */
};

/* Prints the neighbours of one query (length): found (k) up to the first NO_WORD. */
void answers_print(struct answers *answers, const char *query, size_t length,
                   const struct neighbour *found, uint32_t k);

/* Prints the cosine of two words. */
void answers_print_pair(struct answers *answers, const uint32_t id[2], double cosine);

/* Prints the word `odd` of the words `id` (n). */
void answers_print_odd(struct answers *answers, const uint32_t *id, size_t n, uint32_t odd,
                       double cosine);

/* In JSON, prints a query (length) that was rejected, with its unknown words (unknowns). Nothing in
 * other formats. */
void answers_print_rejected(struct answers *answers, const char *query, size_t length,
                            const struct piece *unknown, size_t unknowns);

#endif

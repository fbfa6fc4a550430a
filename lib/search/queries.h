/* SPDX-License-Identifier: MIT */
/* queries.h -- what is asked of the vectors: words, and sums of words.
 *
 *     query = word | word { sign word }        sign = "+" | "-"
 *
 * with spaces in between. What is a word of the vocabulary as a whole is that word. A sum is the sum
 * of the words' unit vectors, at unit length again, in float32; its own words are no answers to it.
 */
#ifndef SGNS_QUERIES_H
#define SGNS_QUERIES_H

#include "search/knn.h"
#include "stream/vocab.h"

/* A batch of queries. All zero but for the first three, which stay the caller's, is an empty one. */
struct queries {
    const struct knn_config *vectors;
    const struct words *words;
    const struct word_index *index; /* NULL: every word is looked at */

    uint32_t count;
    struct query *item; /* (count) */
    size_t item_capacity;
    char *text; /* of all queries, one behind the other */
    size_t text_size, text_capacity;
    uint32_t *id; /* the words of all queries */
    size_t ids, id_capacity;
    float *sum; /* (sums, dim) */
    size_t sums, sum_capacity;
    struct knn_query *asked; /* (count), by queries_ask */
    size_t asked_capacity;

    /* Of the latest query that was not taken: the word that is unknown, in the caller's text; NULL
     * where it is no sum either. */
    const char *unknown;
    size_t unknown_length;
};

struct query {
    size_t text, length; /* in `text`, without spaces around it */
    size_t id, ids;
    size_t sum; /* SIZE_MAX: a word */
};

void queries_release(struct queries *queries);
void queries_clear(struct queries *queries);

/* Adds a query. Returns 1, or 0 where it has an unknown word or is no query: `err` then says so, with
 * status 2. */
int queries_add(struct queries *queries, const char *text, size_t length,
                struct error *err) MUST_USE;

/* All of them (count) as knn.h wants them, valid until the next change. NULL on error. */
const struct knn_query *queries_ask(struct queries *queries, struct error *err) MUST_USE;

static inline const char *queries_text(const struct queries *queries, uint32_t i, size_t *length)
{
    *length = queries->item[i].length;
    return queries->text + queries->item[i].text;
}

#endif

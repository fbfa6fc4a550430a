/* SPDX-License-Identifier: MIT */
/* queries.h -- parses queries for nearest words: words, and sums of words.
 *
 *     query = word | word { sign word }        sign = "+" | "-"
 *
 * with spaces in between. If the whole query, spaces and signs included, is a word of the
 * vocabulary, it means that word. The vector of a sum is the sum of the words' unit vectors, scaled
 * to unit length, in float32. The words of a query are excluded from its answer.
 */
#ifndef SGNS_QUERIES_H
#define SGNS_QUERIES_H

#include "search/knn.h"
#include "stream/vocab.h"

/* A batch of queries. Set the first three fields, which the caller owns, and zero the others. */
struct queries {
    const struct knn_config *vectors;
    const struct words *words;
    const struct word_index *index; /* NULL: words are found by a linear search */

    uint32_t count;
    struct query *item; /* (count) */
    size_t item_capacity;
    char *text; /* of all queries, concatenated */
    size_t text_size, text_capacity;
    uint32_t *id; /* (ids) the words of all queries */
    size_t ids, id_capacity;
    float *sum; /* (sums, dim) */
    size_t sums, sum_capacity;
    struct knn_query *prepared; /* (count), by queries_prepare */
    size_t prepared_capacity;

    /* The unknown word of the latest query that was rejected, in the caller's text; NULL if that is
     * not a valid query at all. */
    const char *unknown;
    size_t unknown_length;
};

struct query {
    size_t text, length; /* offset in `text`, and length, without leading and trailing spaces */
    size_t id, ids;      /* index in `id` of its first word, and number of its words */
    size_t sum;          /* index of its row of `sum`; SIZE_MAX: the query is a word */
};

void queries_release(struct queries *queries);
void queries_clear(struct queries *queries);

/* Adds a query. Returns 1, or 0 and an error if it is rejected: status 6 if it contains an
 * unknown word, status 2 if it is not a valid query. Returns -1 on any other error. */
int queries_add(struct queries *queries, const char *text, size_t length,
                struct error *err) MUST_USE;

/* Returns the queries (count) in the form of knn.h, valid until the next change. NULL on error. */
const struct knn_query *queries_prepare(struct queries *queries, struct error *err) MUST_USE;

/* The text of query `i`, of *length bytes. */
static inline const char *queries_text(const struct queries *queries, uint32_t i, size_t *length)
{
    *length = queries->item[i].length;
    return queries->text + queries->item[i].text;
}

#endif

/* SPDX-License-Identifier: MIT */
/* queries.h -- parses queries: words, sums of words, sets of words, and vectors.
 *
 *     query = word | word { sign word }        sign = "+" | "-" | "\u2212", the minus sign
 *
 * with spaces in between. If the whole query, spaces and signs included, is a word of the
 * vocabulary, it means that word. The vector of a sum is the sum of the words' unit vectors, scaled
 * to unit length, in float32. The words of a query are excluded from its answer.
 */
#ifndef SGNS_QUERIES_H
#define SGNS_QUERIES_H

#include "search/knn.h"
#include "stream/vocab.h"

/* A piece of a query, in the caller's text. */
struct piece {
    const char *text;
    size_t length;
};

/* A batch of queries. Set the fields before `count`, which the caller owns, and zero the others. */
struct queries {
    const struct knn_config *vectors; /* the rows may be more than its words */
    const struct vocab *vocab;
    const struct word_index *index; /* NULL: words are found by a linear search */
    bool hide_unknown;              /* exclude <unk> from all answers */

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
    struct piece *piece; /* (pieces) of the latest query */
    size_t pieces, piece_capacity;
    uint64_t unnamed; /* vectors without a word so far */

    struct piece *unknown; /* (unknowns) the unknown words of the latest query */
    size_t unknowns, unknown_capacity;
    uint64_t compared; /* words that were compared in order to suggest others */
};

struct query {
    size_t text, length; /* offset in `text`, and length, without leading and trailing spaces */
    size_t id, ids;      /* index in `id` of its first word, and number of its words */
    size_t sum;          /* index of its row of `sum`; SIZE_MAX: the query is a word */
};

void queries_release(struct queries *queries);
void queries_clear(struct queries *queries);

/* Each of the following adds a query. Returns 1, or 0 and an error if it is rejected: status 6 if
 * it contains unknown words, which are then in queries->unknown, status 2 if it is not a valid query.
 * The message suggests words of similar spelling, unless too many were compared before. Returns -1
 * on any other error. */

/* A word, or a sum of words. */
int queries_add(struct queries *queries, const char *text, size_t length,
                struct error *err) MUST_USE;

/* A set of words (queries->piece), at least `least` and at most `most`. */
int queries_add_set(struct queries *queries, size_t least, size_t most, struct error *err) MUST_USE;

/* A vector: `dim` numbers (queries->piece), which may follow a word, its name. No word is excluded
 * from the answer. */
int queries_add_vector(struct queries *queries, struct error *err) MUST_USE;

/* Whether the pieces are the first line of a file of vectors: the number of words, and `dim`. */
bool queries_is_heading(const struct queries *queries);

/* Splits a line into queries->piece: at tabs if there are any, else at spaces. */
int queries_split(struct queries *queries, const char *text, size_t length,
                  struct error *err) MUST_USE;

/* Appends a piece. */
int queries_add_piece(struct queries *queries, struct piece piece, struct error *err) MUST_USE;

/* Returns the queries (count) in the form of knn.h, valid until the next change. NULL on error. */
const struct knn_query *queries_prepare(struct queries *queries, struct error *err) MUST_USE;

/* The cosine of the two words of query `i`, as in knn.h. */
double queries_cosine(const struct queries *queries, uint32_t i);

/* The word of query `i` that fits least to the others: the one with the smallest cosine to the mean
 * of all their unit vectors; the first of several. *cosine becomes that cosine. */
int queries_odd_one(const struct queries *queries, uint32_t i, uint32_t *id, double *cosine,
                    struct error *err) MUST_USE;

/* The text of query `i`, of *length bytes. */
static inline const char *queries_text(const struct queries *queries, uint32_t i, size_t *length)
{
    *length = queries->item[i].length;
    return queries->text + queries->item[i].text;
}

#endif

/* SPDX-License-Identifier: MIT */
#include "search/queries.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void queries_release(struct queries *q)
{
    free(q->item);
    free(q->text);
    free(q->id);
    free(q->sum);
    free(q->prepared);
}

void queries_clear(struct queries *q)
{
    q->count = 0;
    q->text_size = q->ids = q->sums = 0;
}

/* ---- words ---- */

/* A piece of a query between spaces. Length 0: no piece is left. */
struct piece {
    const char *text;
    size_t length;
};

static struct piece next_piece(const char **at, const char *end)
{
    while (*at < end && **at == ' ')
        ++*at;
    const char *start = *at;
    while (*at < end && **at != ' ')
        ++*at;
    return (struct piece){start, (size_t)(*at - start)};
}

static uint32_t find(const struct queries *q, struct piece word)
{
    if (word.length == 0 || word.length > WORD_MAX)
        return NO_WORD;
    return q->index ? word_index_find(q->index, word.text, word.length)
                    : words_find(q->words, word.text, word.length);
}

static int report_unknown(struct queries *q, struct piece word, struct error *err)
{
    q->unknown = word.text;
    q->unknown_length = word.length;
    error_set(err, STATUS_UNKNOWN_WORD, "'%.*s' is not in the vocabulary", (int)word.length,
              word.text);
    return 0;
}

static int add_id(struct queries *q, uint32_t id, struct error *err)
{
    if (memory_reserve(&q->id, &q->id_capacity, q->ids + 1, sizeof *q->id, err) < 0)
        return -1;
    q->id[q->ids++] = id;
    return 1;
}

/* ---- sums ---- */

/* 1 for "+", -1 for "-", 0 for any other piece. */
static int sign_of(struct piece piece)
{
    if (piece.length != 1)
        return 0;
    return piece.text[0] == '+' ? 1 : piece.text[0] == '-' ? -1 : 0;
}

/* Whether every second piece is a sign, and a word follows each. */
static bool is_sum(const char *text, size_t length)
{
    const char *at = text, *end = text + length;
    size_t n = 0;
    for (struct piece piece; (piece = next_piece(&at, end)).length > 0; n++)
        if (n % 2 == 1 && sign_of(piece) == 0)
            return false;
    return n % 2 == 1 && n > 1;
}

static double square_of(const float *row, uint32_t dim)
{
    double square = 0;
    for (uint32_t i = 0; i < dim; i++)
        square += (double)row[i] * row[i];
    return square;
}

static void add_unit(double *sum, const float *row, uint32_t dim, int sign)
{
    double square = square_of(row, dim), scale = square > 0 ? sign / sqrt(square) : 0;
    for (uint32_t i = 0; i < dim; i++)
        sum[i] += scale * row[i];
}

static void to_unit(const double *sum, uint32_t dim, float *unit)
{
    double square = 0;
    for (uint32_t i = 0; i < dim; i++)
        square += sum[i] * sum[i];
    for (uint32_t i = 0; i < dim; i++)
        unit[i] = (float)(square > 0 ? sum[i] / sqrt(square) : 0);
}

/* Appends the words of a sum to q->id and adds their unit vectors to `sum` (dim). Returns as
 * queries_add does. */
static int add_words(struct queries *q, const char *text, size_t length, double *sum,
                     struct error *err)
{
    const char *at = text, *end = text + length;
    for (int sign = 1; sign != 0; sign = sign_of(next_piece(&at, end))) {
        struct piece word = next_piece(&at, end);
        uint32_t id = find(q, word);
        if (id == NO_WORD)
            return report_unknown(q, word, err);
        if (add_id(q, id, err) < 0)
            return -1;
        add_unit(sum, q->vectors->rows + (size_t)id * q->vectors->dim, q->vectors->dim, sign);
    }
    return 1;
}

static int add_sum(struct queries *q, const char *text, size_t length, struct error *err)
{
    uint32_t dim = q->vectors->dim;
    if (memory_reserve(&q->sum, &q->sum_capacity, (q->sums + 1) * dim, sizeof *q->sum, err) < 0)
        return -1;
    double *sum = memory_new(dim, sizeof *sum, err);
    if (!sum)
        return -1;
    int result = add_words(q, text, length, sum, err);
    if (result > 0)
        to_unit(sum, dim, q->sum + q->sums++ * dim);
    free(sum);
    return result;
}

/* ---- queries ---- */

static int add_item(struct queries *q, const struct query *item, const char *text,
                    struct error *err)
{
    if (memory_reserve(&q->item, &q->item_capacity, (size_t)q->count + 1, sizeof *q->item, err) <
            0 ||
        memory_reserve(&q->text, &q->text_capacity, q->text_size + item->length, 1, err) < 0)
        return -1;
    memcpy(q->text + q->text_size, text, item->length);
    q->text_size += item->length;
    q->item[q->count++] = *item;
    return 1;
}

int queries_add(struct queries *q, const char *text, size_t length, struct error *err)
{
    while (length > 0 && text[length - 1] == ' ')
        length--;
    for (; length > 0 && *text == ' '; text++)
        length--;
    struct query item = {q->text_size, length, q->ids, 0, SIZE_MAX};
    struct piece whole = {text, length};
    uint32_t id = find(q, whole);
    int result = 1;
    q->unknown = NULL;
    if (id != NO_WORD) {
        result = add_id(q, id, err);
    } else if (is_sum(text, length)) {
        item.sum = q->sums;
        result = add_sum(q, text, length, err);
    } else if (memchr(text, ' ', length)) {
        error_set(err, STATUS_USAGE,
                  "'%.*s' is neither a word nor a sum of words such as 'a - b + c'", (int)length,
                  text);
        result = 0;
    } else {
        result = report_unknown(q, whole, err);
    }
    item.ids = q->ids - item.id;
    if (result > 0)
        result = add_item(q, &item, text, err);
    if (result <= 0)
        q->ids = item.id;
    return result;
}

const struct knn_query *queries_prepare(struct queries *q, struct error *err)
{
    if (memory_reserve(&q->prepared, &q->prepared_capacity, q->count, sizeof *q->prepared, err) < 0)
        return NULL;
    for (uint32_t i = 0; i < q->count; i++) {
        const struct query *item = &q->item[i];
        uint32_t *id = q->id + item->id;
        q->prepared[i] = knn_query_word(q->vectors, id);
        if (item->sum != SIZE_MAX)
            q->prepared[i].vector = q->sum + item->sum * q->vectors->dim;
        q->prepared[i].excluded = (uint32_t)item->ids;
    }
    return q->prepared;
}

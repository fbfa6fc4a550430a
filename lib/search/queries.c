/* SPDX-License-Identifier: MIT */
#include "search/queries.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/memory.h"
#include "search/spelling.h"

/* No more words of similar spelling are searched after this many comparisons, about a second. */
static const uint64_t COMPARED_MAX = 30000000;

static const char MINUS[] = "\xe2\x88\x92"; /* U+2212 */

void queries_release(struct queries *q)
{
    free(q->item);
    free(q->text);
    free(q->id);
    free(q->sum);
    free(q->prepared);
    free(q->piece);
    free(q->unknown);
}

void queries_clear(struct queries *q)
{
    q->count = 0;
    q->text_size = q->ids = q->sums = 0;
}

/* ---- pieces ---- */

/* The next piece between separators; its length is 0 if no piece is left. */
static struct piece next_piece(const char **at, const char *end, char separator)
{
    while (*at < end && **at == separator)
        ++*at;
    const char *start = *at;
    while (*at < end && **at != separator)
        ++*at;
    return (struct piece){start, (size_t)(*at - start)};
}

static struct piece trimmed(const char *text, size_t length)
{
    while (length > 0 && text[length - 1] == ' ')
        length--;
    for (; length > 0 && *text == ' '; text++)
        length--;
    return (struct piece){text, length};
}

int queries_add_piece(struct queries *q, struct piece piece, struct error *err)
{
    if (memory_reserve(&q->piece, &q->piece_capacity, q->pieces + 1, sizeof *q->piece, err) < 0)
        return -1;
    q->piece[q->pieces++] = piece;
    return 0;
}

int queries_split(struct queries *q, const char *text, size_t length, struct error *err)
{
    char separator = memchr(text, '\t', length) ? '\t' : ' ';
    const char *at = text, *end = text + length;
    q->pieces = 0;
    for (struct piece piece; (piece = next_piece(&at, end, separator)).length > 0;) {
        piece = trimmed(piece.text, piece.length);
        if (piece.length > 0 && queries_add_piece(q, piece, err) < 0)
            return -1;
    }
    return 0;
}

/* ---- unknown words ---- */

static uint32_t find(const struct queries *q, struct piece word)
{
    if (word.length == 0 || word.length > WORD_MAX)
        return NO_WORD;
    return q->index ? word_index_find(q->index, word.text, word.length)
                    : words_find(&q->vocab->words, word.text, word.length);
}

/* Writes "; closest: ..." into `to` (SPELLING_TEXT), or nothing. */
static int suggest(struct queries *q, struct piece word, char *to, struct error *err)
{
    *to = 0;
    if (q->compared > COMPARED_MAX)
        return 0;
    q->compared += q->vocab->words.count;
    return spelling_suggest(q->vocab, word.text, word.length, to, err);
}

static bool is_plus_or_minus(char c)
{
    return c == '+' || c == '-';
}

/* If the unknown word consists of words joined by + and -, writes the sum that was probably meant
 * into `to`, else nothing. */
static void suggest_sum(const struct queries *q, struct piece word, char *to, size_t size)
{
    size_t used = 0, signs = 0;
    *to = 0;
    for (size_t at = 0, end; at < word.length; at = end) {
        bool sign = is_plus_or_minus(word.text[at]);
        end = at + 1;
        while (!sign && end < word.length && !is_plus_or_minus(word.text[end]))
            end++;
        struct piece part = {word.text + at, end - at};
        /* Signs and words must alternate, and a word must be last. */
        bool good = sign ? end < word.length && !is_plus_or_minus(word.text[end])
                         : find(q, part) != NO_WORD;
        if (!good || used + part.length + 2 > size) {
            *to = 0;
            return;
        }
        signs += sign;
        used += (size_t)snprintf(to + used, size - used, "%s%.*s", at ? " " : "", (int)part.length,
                                 part.text);
    }
    if (signs == 0)
        *to = 0;
}

static int note_unknown(struct queries *q, struct piece word, struct error *err)
{
    if (memory_reserve(&q->unknown, &q->unknown_capacity, q->unknowns + 1, sizeof *q->unknown,
                       err) < 0)
        return -1;
    q->unknown[q->unknowns++] = word;
    return 0;
}

/* Sets an error that names the unknown words. Returns 0, or -1 on any other error. */
static int report_unknown(struct queries *q, struct error *err)
{
    char text[sizeof err->text] = "";
    for (size_t i = 0; i < q->unknowns; i++) {
        struct piece word = q->unknown[i];
        char closest[SPELLING_TEXT], sum[SPELLING_TEXT];
        if (suggest(q, word, closest, err) < 0)
            return -1;
        suggest_sum(q, word, sum, sizeof sum);
        size_t used = strlen(text);
        int size =
            snprintf(text + used, sizeof text - used, "%s'%.*s' is not in the vocabulary%s%s%s%s",
                     i ? "; " : "", (int)word.length, word.text, closest,
                     *sum ? "; a sum has spaces: '" : "", sum, *sum ? "'" : "");
        if (size < 0 || (size_t)size >= sizeof text - used)
            break; /* the message is full */
    }
    error_set(err, STATUS_UNKNOWN_WORD, "%s", text);
    return 0;
}

/* ---- sums ---- */

/* 1 for "+", -1 for "-", 0 for any other piece. */
static int sign_of(struct piece piece)
{
    if (piece.length == sizeof MINUS - 1 && memcmp(piece.text, MINUS, sizeof MINUS - 1) == 0)
        return -1;
    if (piece.length != 1)
        return 0;
    return piece.text[0] == '+' ? 1 : piece.text[0] == '-' ? -1 : 0;
}

/* Whether every second piece is a sign, and a word follows each. */
static bool is_sum(struct piece query)
{
    const char *at = query.text, *end = at + query.length;
    size_t n = 0;
    for (struct piece piece; (piece = next_piece(&at, end, ' ')).length > 0; n++)
        if (n % 2 == 1 && sign_of(piece) == 0)
            return false;
    return n % 2 == 1 && n > 1;
}

static const float *row_of(const struct queries *q, uint32_t id)
{
    return q->vectors->rows + (size_t)id * q->vectors->dim;
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

/* Appends the id of a word to q->id, or notes that it is unknown; *id becomes the id or NO_WORD. */
static int add_word(struct queries *q, struct piece word, uint32_t *id, struct error *err)
{
    *id = find(q, word);
    if (*id == NO_WORD)
        return note_unknown(q, word, err);
    if (memory_reserve(&q->id, &q->id_capacity, q->ids + 1, sizeof *q->id, err) < 0)
        return -1;
    q->id[q->ids++] = *id;
    return 0;
}

/* Appends the words of a sum to q->id and adds their unit vectors to `sum` (dim). */
static int add_words(struct queries *q, struct piece query, double *sum, struct error *err)
{
    const char *at = query.text, *end = at + query.length;
    for (int sign = 1; sign != 0; sign = sign_of(next_piece(&at, end, ' '))) {
        uint32_t id;
        if (add_word(q, next_piece(&at, end, ' '), &id, err) < 0)
            return -1;
        if (id != NO_WORD)
            add_unit(sum, row_of(q, id), q->vectors->dim, sign);
    }
    return 0;
}

/* Returns a new row of q->sum, or NULL on error. */
static float *new_row(struct queries *q, struct error *err)
{
    size_t dim = q->vectors->dim;
    if (memory_reserve(&q->sum, &q->sum_capacity, (q->sums + 1) * dim, sizeof *q->sum, err) < 0)
        return NULL;
    return q->sum + q->sums++ * dim;
}

static int add_sum(struct queries *q, struct piece query, struct error *err)
{
    uint32_t dim = q->vectors->dim;
    double *sum = memory_new(dim, sizeof *sum, err);
    float *row = sum ? new_row(q, err) : NULL;
    int result = row ? add_words(q, query, sum, err) : -1;
    if (result == 0)
        to_unit(sum, dim, row);
    free(sum);
    return result;
}

/* ---- queries ---- */

/* The query that is being added: its words and its sum are the last ones. */
static struct query start_query(struct queries *q)
{
    q->unknowns = 0;
    return (struct query){q->text_size, 0, q->ids, 0, SIZE_MAX};
}

static int append_text(struct queries *q, const char *text, size_t length, struct error *err)
{
    if (memory_reserve(&q->text, &q->text_capacity, q->text_size + length, 1, err) < 0)
        return -1;
    if (length > 0)
        memcpy(q->text + q->text_size, text, length);
    q->text_size += length;
    return 0;
}

static void drop_query(struct queries *q, const struct query *item)
{
    q->ids = item->id;
    q->text_size = item->text;
    if (item->sum != SIZE_MAX)
        q->sums = item->sum;
}

/* Ends a query whose words, sum and text are complete; `result` is negative after an error. Returns
 * as queries_add does. */
static int end_query(struct queries *q, struct query *item, int result, struct error *err)
{
    if (result == 0 && q->unknowns == 0) {
        item->length = q->text_size - item->text;
        item->ids = q->ids - item->id;
        result =
            memory_reserve(&q->item, &q->item_capacity, (size_t)q->count + 1, sizeof *q->item, err);
        /* <unk> is excluded like the words of the query, which it follows. */
        if (result == 0)
            result = memory_reserve(&q->id, &q->id_capacity, q->ids + 1, sizeof *q->id, err);
        if (result == 0) {
            q->id[q->ids++] = UNKNOWN_ID;
            q->item[q->count++] = *item;
            return 1;
        }
    } else if (result == 0) {
        result = report_unknown(q, err);
    }
    drop_query(q, item);
    return result;
}

/* Rejects text that is neither a word nor a sum. Returns 0, or -1 on any other error. */
static int reject(struct queries *q, struct piece query, struct error *err)
{
    char closest[SPELLING_TEXT];
    if (suggest(q, query, closest, err) < 0)
        return -1;
    error_set(err, STATUS_USAGE,
              "'%.*s' is neither a word nor a sum of words such as 'a - b + c', with spaces around "
              "+ and -%s",
              (int)query.length, query.text, closest);
    return 0;
}

int queries_add(struct queries *q, const char *text, size_t length, struct error *err)
{
    struct piece query = trimmed(text, length);
    struct query item = start_query(q);
    uint32_t id = find(q, query);
    int result;
    if (id == NO_WORD && is_sum(query)) {
        item.sum = q->sums;
        result = add_sum(q, query, err);
    } else if (id == NO_WORD && memchr(query.text, ' ', query.length)) {
        return reject(q, query, err);
    } else {
        result = add_word(q, query, &id, err);
    }
    if (result == 0)
        result = append_text(q, query.text, query.length, err);
    return end_query(q, &item, result, err);
}

int queries_add_set(struct queries *q, size_t least, size_t most, struct error *err)
{
    struct query item = start_query(q);
    int result = 0;
    if (q->pieces < least || q->pieces > most) {
        error_set(err, STATUS_USAGE, "expected %s%zu words, found %zu",
                  least < most ? "at least " : "", least, q->pieces);
        return 0;
    }
    for (size_t i = 0; result == 0 && i < q->pieces; i++) {
        uint32_t id;
        result = add_word(q, q->piece[i], &id, err);
        if (result == 0 && i > 0)
            result = append_text(q, " ", 1, err);
        if (result == 0)
            result = append_text(q, q->piece[i].text, q->piece[i].length, err);
    }
    return end_query(q, &item, result, err);
}

/* ---- vectors ---- */

/* Whether the piece is a finite number in the range of float32, which *value becomes. */
static bool read_number(struct piece piece, float *value)
{
    char text[64];
    if (piece.length >= sizeof text)
        return false;
    memcpy(text, piece.text, piece.length);
    text[piece.length] = 0;
    return decimal_read(text, value) == text + piece.length && isfinite(*value);
}

bool queries_is_heading(const struct queries *q)
{
    float words, dim;
    return q->pieces == 2 && q->vectors->dim > 2 && read_number(q->piece[0], &words) &&
           read_number(q->piece[1], &dim) && dim == (float)q->vectors->dim;
}

static int name_vector(struct queries *q, bool named, struct error *err)
{
    char text[32];
    if (named)
        return append_text(q, q->piece[0].text, q->piece[0].length, err);
    int length = snprintf(text, sizeof text, "vector %llu", (unsigned long long)++q->unnamed);
    return append_text(q, text, (size_t)length, err);
}

int queries_add_vector(struct queries *q, struct error *err)
{
    size_t dim = q->vectors->dim;
    bool named = q->pieces == dim + 1;
    if (q->pieces != dim && !named) {
        error_set(err, STATUS_USAGE,
                  "expected a vector of %zu numbers, which may follow a word; found %zu item%s",
                  dim, q->pieces, plural(q->pieces));
        return 0;
    }
    struct query item = start_query(q);
    item.sum = q->sums;
    float *row = new_row(q, err);
    int result = row ? 0 : -1;
    for (size_t i = 0; result == 0 && i < dim; i++) {
        struct piece number = q->piece[i + named];
        if (!read_number(number, &row[i])) {
            error_set(err, STATUS_USAGE, "'%.*s' is not a number of float32", (int)number.length,
                      number.text);
            drop_query(q, &item);
            return 0;
        }
    }
    if (result == 0)
        result = name_vector(q, named, err);
    return end_query(q, &item, result, err);
}

/* ---- answers ---- */

const struct knn_query *queries_prepare(struct queries *q, struct error *err)
{
    if (memory_reserve(&q->prepared, &q->prepared_capacity, q->count, sizeof *q->prepared, err) < 0)
        return NULL;
    for (uint32_t i = 0; i < q->count; i++) {
        const struct query *item = &q->item[i];
        uint32_t *id = q->id + item->id;
        q->prepared[i] = (struct knn_query){
            .vector = item->sum == SIZE_MAX ? row_of(q, *id) : q->sum + item->sum * q->vectors->dim,
            .exclude = id,
            .excluded = (uint32_t)item->ids + q->hide_unknown};
    }
    return q->prepared;
}

/* The cosine from a · b, |a|² and |b|², with the small constant of knn.h. */
static double cosine_in_search(double ab, double aa, double bb)
{
    return fmax(-1.0, fmin(1.0, ab / sqrt(aa * bb + KNN_EPSILON)));
}

double queries_cosine(const struct queries *q, uint32_t i)
{
    const uint32_t *id = q->id + q->item[i].id;
    const float *a = row_of(q, id[0]), *b = row_of(q, id[1]);
    uint32_t dim = q->vectors->dim;
    double ab = 0;
    for (uint32_t j = 0; j < dim; j++)
        ab += (double)a[j] * b[j];
    return cosine_in_search(ab, square_of(a, dim), square_of(b, dim));
}

int queries_odd_one(const struct queries *q, uint32_t i, uint32_t *id, double *cosine,
                    struct error *err)
{
    const struct query *item = &q->item[i];
    uint32_t dim = q->vectors->dim;
    double *mean = memory_new(dim, sizeof *mean, err), square = 0;
    if (!mean)
        return -1;
    for (size_t w = 0; w < item->ids; w++)
        add_unit(mean, row_of(q, q->id[item->id + w]), dim, 1);
    for (uint32_t j = 0; j < dim; j++)
        square += mean[j] * mean[j];
    *cosine = INFINITY;
    for (size_t w = 0; w < item->ids; w++) {
        const float *row = row_of(q, q->id[item->id + w]);
        double product = 0;
        for (uint32_t j = 0; j < dim; j++)
            product += mean[j] * row[j];
        double c = cosine_in_search(product, square, square_of(row, dim));
        if (c < *cosine) {
            *cosine = c;
            *id = q->id[item->id + w];
        }
    }
    free(mean);
    return 0;
}

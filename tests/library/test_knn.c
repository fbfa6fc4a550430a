/* SPDX-License-Identifier: MIT */
/* The nearest words on the CPU, compared bit by bit with a plain loop in double precision; and the
 * float32 error bounds that the search relies on. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "oracle.h"
#include "search/knn_cpu.h"
#include "search/scores.h"
#include "tap.h"

/* ---- the oracle ---- */

static double plain_dot(const float *a, const float *b, uint32_t dim)
{
    double sum = 0;
    for (uint32_t i = 0; i < dim; i++)
        sum += (double)a[i] * b[i];
    return sum;
}

static int nearest_first(const void *left, const void *right)
{
    const struct neighbour *a = left, *b = right;
    if (a->cosine != b->cosine)
        return a->cosine < b->cosine ? 1 : -1;
    return (a->id > b->id) - (a->id < b->id);
}

static bool excludes(const struct knn_query *query, uint32_t id)
{
    for (uint32_t i = 0; i < query->excluded; i++)
        if (query->exclude[i] == id)
            return true;
    return false;
}

/* Writes all words that a query does not exclude to all (words), nearest first, followed by NO_WORD
 * entries. */
static void plain_search(const struct knn_config *c, const struct knn_query *query,
                         struct neighbour *all)
{
    double square = plain_dot(query->vector, query->vector, c->dim);
    uint32_t n = 0;
    for (uint32_t id = 0; id < c->words; id++) {
        const float *row = c->rows + (size_t)id * c->dim;
        double cosine = plain_dot(query->vector, row, c->dim) /
                        sqrt(plain_dot(row, row, c->dim) * square + KNN_EPSILON);
        if (!excludes(query, id))
            all[n++] = (struct neighbour){id, fmax(-1.0, fmin(1.0, cosine))};
    }
    qsort(all, n, sizeof *all, nearest_first);
    for (; n < c->words; n++)
        all[n] = (struct neighbour){.id = NO_WORD};
}

/* ---- vectors ---- */

enum content {
    RANDOM,
    DUPLICATES,
    ZEROS,
    SHORT,
    NEAR_TIES,
    ONE_ROW,
    HUGE_ROWS,
    TINY_ROWS,
    OPPOSED,
    CONTENTS
};

static const char *const content_name[] = {
    [RANDOM] = "random",
    [DUPLICATES] = "duplicates",
    [ZEROS] = "zero vectors",
    [SHORT] = "short vectors",
    [NEAR_TIES] = "nearly equal vectors",
    [ONE_ROW] = "one vector many times",
    [HUGE_ROWS] = "extremely long vectors",
    [TINY_ROWS] = "extremely short vectors",
    [OPPOSED] = "short and long vectors, nearly all opposed to the query",
};

static void fill_row(float *row, uint32_t dim, uint32_t id, enum content content, const float *rows,
                     uint64_t *state)
{
    for (uint32_t i = 0; i < dim; i++)
        row[i] = (float)draw_between(state, -1, 1);
    for (uint32_t i = 0; i < dim; i++)
        switch (content) {
        case DUPLICATES: /* copies of seven rows */
            row[i] = id < 7 ? row[i] : rows[(size_t)(id * 5 % 7) * dim + i];
            break;
        case ZEROS:
            row[i] = id % 3 == 0 ? 0 : row[i];
            break;
        case SHORT: /* so that the 1e-9 matters to different degrees */
            row[i] *= (float)pow(10, -(double)(id % 8));
            break;
        case NEAR_TIES: /* they differ by less than float32 products can resolve */
            row[i] = id == 0 ? row[i] : rows[i] * (1 + row[i] * 0x1p-22f);
            break;
        case ONE_ROW:
            row[i] = id % 50 ? rows[i] : row[i];
            break;
        case HUGE_ROWS:
            row[i] *= 3e38f;
            break;
        case TINY_ROWS:
            row[i] *= 1e-40f;
            break;
        case OPPOSED:
            row[i] = fabsf(row[i]) * (float)pow(10, -(double)(id % 8));
            row[i] = id % 200 == 15 ? row[i] : -row[i];
            break;
        default:
            break;
        }
}

static float *make_rows(uint32_t words, uint32_t dim, enum content content)
{
    struct error err;
    float *rows = memory_new((size_t)words * dim, sizeof *rows, &err);
    require(rows, &err);
    uint64_t state = 7 * words + dim + content;
    for (uint32_t id = 0; id < words; id++)
        fill_row(rows + (size_t)id * dim, dim, id, content, rows, &state);
    return rows;
}

/* ---- queries ---- */

enum { EXCLUDED_MOST = 4 };

/* Queries for words and, alternately, for vectors that no word has. */
struct queries {
    struct knn_query *query; /* (n) */
    uint32_t *exclude;       /* (n, EXCLUDED_MOST) */
    float *vector;           /* (n, dim) */
};

static struct queries make_queries(const struct knn_config *c, uint32_t n)
{
    struct error err;
    struct queries q = {memory_new(n, sizeof *q.query, &err),
                        memory_new((size_t)n * EXCLUDED_MOST, sizeof *q.exclude, &err),
                        memory_new((size_t)n * c->dim, sizeof *q.vector, &err)};
    require(q.query && q.exclude && q.vector, &err);
    uint64_t state = n;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t *exclude = q.exclude + (size_t)i * EXCLUDED_MOST;
        float *vector = q.vector + (size_t)i * c->dim;
        exclude[0] = (uint32_t)((uint64_t)(n - i) * c->words / n) - 1;
        q.query[i] = knn_query_word(c, exclude);
        if (i % 2 == 0)
            continue;
        for (uint32_t j = 0; j < EXCLUDED_MOST; j++)
            exclude[j] = draw_below(&state, c->words);
        for (uint32_t d = 0; d < c->dim; d++) {
            const float *one = c->rows + (size_t)exclude[0] * c->dim;
            vector[d] = i % 5 ? 0.5f * one[d] + (float)draw_between(&state, -0.1, 0.1) : 0;
        }
        q.query[i] = (struct knn_query){vector, exclude, i % (EXCLUDED_MOST + 1)};
    }
    return q;
}

static void free_queries(struct queries *q)
{
    free(q->query);
    free(q->exclude);
    free(q->vector);
}

/* ---- agreement ---- */

/* Whether a search created for `announced` queries finds the neighbours in `expected` (n ×
 * words) for n queries in two calls. */
static bool agrees(struct knn_config config, uint64_t announced, unsigned threads,
                   const struct knn_query *query, uint32_t n, uint32_t k,
                   const struct neighbour *expected)
{
    struct error err;
    config.queries = announced;
    config.threads = threads;
    struct knn *knn = knn_cpu_create(&config, &err);
    struct neighbour *found = memory_new((size_t)n * k, sizeof *found, &err);
    require(knn && found, &err);
    uint32_t first = n / 3;
    require(knn->methods->search(knn, query, first, k, found, &err) == 0 &&
                knn->methods->search(knn, query + first, n - first, k, found + (size_t)first * k,
                                     &err) == 0,
            &err);
    bool same = true;
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = 0; j < k; j++) {
            const struct neighbour *a = &found[(size_t)i * k + j],
                                   *b = &expected[(size_t)i * config.words + j];
            same &= a->id == b->id &&
                    (a->id == NO_WORD || memcmp(&a->cosine, &b->cosine, sizeof a->cosine) == 0);
        }
    knn->methods->destroy(knn);
    free(found);
    return same;
}

static void test_shape(uint32_t words, uint32_t dim, enum content content)
{
    struct error err;
    uint32_t n = words < 300 ? words : words < 5000 ? 60 : 20;
    float *rows = make_rows(words, dim, content);
    struct neighbour *expected = memory_new((size_t)n * words, sizeof *expected, &err);
    require(expected, &err);
    struct knn_config config = {.rows = rows, .words = words, .dim = dim};
    struct queries q = make_queries(&config, n);
    for (uint32_t i = 0; i < n; i++)
        plain_search(&config, &q.query[i], expected + (size_t)i * words);
    const uint32_t ks[] = {1, 10, 100, words - 1};
    bool same = true;
    for (size_t i = 0; i < sizeof ks / sizeof *ks; i++) {
        config.k = ks[i];
        if (ks[i] < words)
            same &= agrees(config, 1, 1, q.query, n, ks[i], expected) &&
                    agrees(config, n < KNN_MANY ? KNN_MANY : n, 1, q.query, n, ks[i], expected) &&
                    agrees(config, UINT64_C(1) << 40, 3, q.query, n, ks[i], expected);
    }
    tap_check(same, "%u × %u, %s: same words and cosines as a plain loop", (unsigned)words,
              (unsigned)dim, content_name[content]);
    free(rows);
    free_queries(&q);
    free(expected);
}

/* Fewer neighbours than the search was created for. */
static void test_smaller_k(void)
{
    enum { WORDS = 500, DIM = 20, N = 40, MOST = 60 };
    struct error err;
    float *rows = make_rows(WORDS, DIM, RANDOM);
    struct neighbour *expected = memory_new((size_t)N * WORDS, sizeof *expected, &err);
    require(expected, &err);
    struct knn_config config = {.rows = rows, .words = WORDS, .dim = DIM, .k = MOST};
    struct queries q = make_queries(&config, N);
    for (uint32_t i = 0; i < N; i++)
        plain_search(&config, &q.query[i], expected + (size_t)i * WORDS);
    bool same = true;
    for (uint32_t k = 1; k <= MOST; k += 7)
        same &= agrees(config, N, 2, q.query, N, k, expected);
    tap_check(same, "fewer neighbours can be requested than the search was created for");
    free(rows);
    free_queries(&q);
    free(expected);
}

/* A query with the vector of a word that excludes this word gives the same answer as a query for
 * the word. A query that leaves fewer than k words is answered with these. */
static void test_exclusion(void)
{
    enum { WORDS = 100, DIM = 7, N = 10, K = 10 };
    struct error err;
    float *rows = make_rows(WORDS, DIM, DUPLICATES), copy[N * DIM];
    memcpy(copy, rows, sizeof copy);
    uint32_t all_but_three[WORDS - 3], word[N];
    struct knn_query by_word[N], by_vector[N], most[N];
    struct knn_config config = {rows, WORDS, DIM, N, K, 1};
    for (uint32_t i = 0; i < WORDS - 3; i++)
        all_but_three[i] = WORDS - 1 - i;
    for (uint32_t i = 0; i < N; i++) {
        word[i] = i;
        by_word[i] = knn_query_word(&config, &word[i]);
        by_vector[i] = (struct knn_query){copy + (size_t)i * DIM, &word[i], 1};
        most[i] = (struct knn_query){by_word[i].vector, all_but_three, WORDS - 3};
    }
    struct neighbour expected[N * K], found[N * K];
    struct knn *knn = knn_cpu_create(&config, &err);
    require(knn && knn->methods->search(knn, by_word, N, K, expected, &err) == 0 &&
                knn->methods->search(knn, by_vector, N, K, found, &err) == 0,
            &err);
    tap_check(memcmp(found, expected, sizeof found) == 0,
              "a query with a word's vector gives the neighbours of the word");
    require(knn->methods->search(knn, most, N, K, found, &err) == 0, &err);
    bool good = true;
    for (uint32_t i = 0; i < N * K; i++)
        good &= i % K < 3 ? found[i].id < 3 : found[i].id == NO_WORD;
    tap_check(good, "if all but three words are excluded, three are found, then NO_WORD");
    knn->methods->destroy(knn);
    free(rows);
}

/* ---- the inner loops ---- */

/* Products of a tile of unit vectors are as exact as scores_error() promises, and the bits of the
 * result mark the rows that reach their threshold. */
static void test_tile(const struct scores *s, uint32_t dim)
{
    struct error err;
    uint64_t state = dim;
    float *side[2], *score = memory_new_aligned(SCORES_ROWS * SCORES_COLUMNS, sizeof *score, &err);
    const uint32_t width[2] = {s->rows, s->columns};
    double *unit[2];
    for (int w = 0; w < 2; w++) {
        side[w] = memory_new_aligned((size_t)dim * width[w], sizeof *side[w], &err);
        unit[w] = memory_new((size_t)dim * width[w], sizeof *unit[w], &err);
        require(score && side[w] && unit[w], &err);
        for (uint32_t j = 0; j < width[w]; j++) {
            double square = 0;
            for (uint32_t i = 0; i < dim; i++) {
                double *x = &unit[w][i * width[w] + j];
                *x = draw_between(&state, 0, 1); /* all positive, so that errors add up */
                square += *x * *x;
            }
            for (uint32_t i = 0; i < dim; i++) {
                unit[w][i * width[w] + j] /= sqrt(square);
                side[w][i * width[w] + j] = (float)unit[w][i * width[w] + j];
            }
        }
    }
    float threshold[SCORES_ROWS];
    uint32_t expected = 0, hits;
    for (uint32_t r = 0; r < s->rows; r++)
        threshold[r] = INFINITY;
    hits = s->tile(side[0], side[1], dim, threshold, score);
    bool none = hits == 0;
    double worst = 0;
    for (uint32_t r = 0; r < s->rows; r++) {
        float most = -1;
        for (uint32_t c = 0; c < s->columns; c++) {
            double sum = 0;
            for (uint32_t i = 0; i < dim; i++)
                sum += unit[0][i * s->rows + r] * unit[1][i * s->columns + c];
            worst = largest(worst, fabs(sum - (double)score[r * s->columns + c]));
            most = fmaxf(most, score[r * s->columns + c]);
        }
        threshold[r] = r % 3 ? most : nextafterf(most, 2);
        expected |= (uint32_t)(r % 3 != 0) << r;
    }
    hits = s->tile(side[0], side[1], dim, threshold, score);
    tap_check(worst <= scores_error(dim), "%s, dim %u: products off by %.1e, at most %.1e allowed",
              s->name, (unsigned)dim, worst, scores_error(dim));
    tap_check(none && hits == expected, "%s, dim %u: rows that reach their threshold are marked",
              s->name, (unsigned)dim);
    for (int w = 0; w < 2; w++) {
        free(side[w]);
        free(unit[w]);
    }
    free(score);
}

static int falling(const void *left, const void *right)
{
    int32_t a = *(const int32_t *)left, b = *(const int32_t *)right;
    return (a < b) - (a > b);
}

static void test_largest(const struct scores *s)
{
    enum { MOST = 300 };
    uint64_t state = 1;
    bool good = true;
    for (size_t n = 1; n <= MOST; n += 1 + n / 4) {
        int32_t value[MOST], sorted[MOST];
        for (size_t i = 0; i < n; i++)
            value[i] = i % 7 == 0   ? INT32_MIN
                       : i % 7 == 1 ? INT32_MAX
                       : i % 7 == 2 ? -1
                                    : (int32_t)draw_between(&state, INT32_MIN, INT32_MAX);
        memcpy(sorted, value, sizeof value);
        qsort(sorted, n, sizeof *sorted, falling);
        for (size_t k = 1; k <= n; k++)
            good &= s->largest(value, n, k) == sorted[k - 1];
    }
    tap_check(good, "%s: the k-th largest score is found", s->name);
}

/* Double-precision products, which the answers consist of, have the same bits as a plain loop on
 * every processor. */
static void test_double(const struct scores *s, uint32_t dim)
{
    float *rows = make_rows(SCORES_AT_ONCE + 1, dim, RANDOM);
    const float *b[SCORES_AT_ONCE], *a = rows + (size_t)SCORES_AT_ONCE * dim;
    double product[SCORES_AT_ONCE], square[SCORES_AT_ONCE];
    for (uint32_t j = 0; j < SCORES_AT_ONCE; j++)
        b[j] = rows + (size_t)j * dim;
    s->products(a, b, dim, product);
    s->squares(b, dim, square);
    bool same = true;
    for (uint32_t j = 0; j < SCORES_AT_ONCE; j++)
        same &= product[j] == plain_dot(a, b[j], dim) && square[j] == plain_dot(b[j], b[j], dim);
    tap_check(same, "%s, dim %u: same products and squares as a plain loop", s->name,
              (unsigned)dim);
    free(rows);
}

int main(void)
{
    static const uint32_t dims[] = {1, 3, 31, 100, 300}, words[] = {2, 17, 1000};
    for (size_t w = 0; w < sizeof words / sizeof *words; w++)
        for (size_t d = 0; d < sizeof dims / sizeof *dims; d++)
            for (enum content c = 0; c < CONTENTS; c++)
                test_shape(words[w], dims[d], c);
    test_shape(20000, 3, RANDOM);
    test_shape(20000, 31, ONE_ROW);
    test_shape(20000, 100, RANDOM);
    test_shape(20000, 100, NEAR_TIES);
    test_smaller_k();
    test_exclusion();
    size_t count;
    const struct scores *const *all = scores_all(&count);
    for (size_t i = 0; i < count; i++) {
        test_largest(all[i]);
        for (size_t d = 0; d < sizeof dims / sizeof *dims; d++) {
            test_tile(all[i], dims[d]);
            test_double(all[i], dims[d]);
        }
    }
    return tap_end();
}

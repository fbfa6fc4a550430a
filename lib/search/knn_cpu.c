/* SPDX-License-Identifier: MIT */
/* Nearest words on the CPU, by one of two methods.
 *
 * For a few queries: compute the cosine of every word in double precision.
 *
 * For many: multiply unit vectors in float32, tile by tile (scores.h). Each query keeps a list of
 * the words that may be among its nearest, and these are scored again in double precision. A
 * float32 score is off by at most `error`, so that a word is dropped only if k others are
 * certainly nearer: the answers and their order are those of the first method.
 */
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/team.h"
#include "search/knn_cpu.h"
#include "search/scores.h"

enum {
    K_MAX_MANY = 4096, /* the maximum k of the method for many queries */
    TILES = 8,         /* tiles of queries in a block, which stays in the second-level cache */
    CHUNK = 1024,      /* words a thread takes at a time; a multiple of every tile's columns */
};
static const double WORTH_A_THREAD = 1e6; /* multiplications that justify one more thread */

/* The words that may be among the nearest of a query. Scores are stored as integers in the same
 * order. */
struct list {
    const struct knn_query *query;
    double square; /* |q|² */
    uint32_t used;
    int32_t *score; /* (capacity) */
    uint32_t *id;   /* (capacity) */
};

/* The data of a thread for a block of queries. */
struct member {
    float *queries;    /* (TILES, dim, rows): unit vectors */
    float *threshold;  /* (TILES, rows): words with smaller products are not added to the list */
    float *product;    /* (rows, columns) */
    int32_t *scores;   /* (TILES, rows, capacity): the memory of the lists, scores */
    uint32_t *ids;     /* and ids */
    struct list *list; /* (TILES, rows) */
    struct neighbour *exact; /* (capacity) */
};

struct knn_cpu {
    struct knn base;
    struct knn_config config;
    const struct scores *kernel;
    struct team team;
    unsigned threads;
    double *square;        /* (words) |W_w|² */
    double *cosine;        /* (words) for few queries: the cosines with one query */
    const float *vector;   /* of that query */
    double query_square;   /* its |q|² */
    float *unit;           /* (⌈words / columns⌉, dim, columns): for many queries, else NULL */
    double error;          /* the most that a float32 score can be off */
    uint32_t capacity;     /* of a list */
    struct member *member; /* (threads) */

    /* The work of the threads. */
    atomic_uint_fast64_t next; /* word or query that no thread has taken yet */
    const struct knn_query *query;
    uint32_t n, k, block;
    struct neighbour *found;
};

/* Runs a function on all threads, starting with the first item. */
static void run(struct knn_cpu *t, team_function *function)
{
    atomic_store(&t->next, 0);
    team_run(&t->team, function, t);
}

/* Takes the next `count` of `all` items for a thread. Returns false if there are none left. */
static bool take_range(struct knn_cpu *t, uint32_t count, uint32_t all, uint32_t *first,
                       uint32_t *end)
{
    uint64_t next = atomic_fetch_add(&t->next, count);
    if (next >= all)
        return false;
    *first = (uint32_t)next;
    *end = all - *first < count ? all : *first + count;
    return true;
}

/* ---- double precision ---- */

static const float *row_of(const struct knn_cpu *t, uint32_t id)
{
    return t->config.rows + (size_t)id * t->config.dim;
}

/* |q|², computed by the same steps as for the words, so that the vector of a word gets the same
 * answer, to the bit, as the word itself. */
static double square_of(const struct knn_cpu *t, const float *vector)
{
    const float *row[SCORES_AT_ONCE];
    double square[SCORES_AT_ONCE];
    for (uint32_t j = 0; j < SCORES_AT_ONCE; j++)
        row[j] = vector;
    t->kernel->squares(row, t->config.dim, square);
    return square[0];
}

static double cosine_from(const struct knn_cpu *t, double product, double square, uint32_t id)
{
    double cosine = product / sqrt(t->square[id] * square + KNN_EPSILON);
    return fmax(-1.0, fmin(1.0, cosine));
}

static bool is_excluded(const struct knn_query *query, uint32_t id)
{
    for (uint32_t i = 0; i < query->excluded; i++)
        if (query->exclude[i] == id)
            return true;
    return false;
}

static bool is_nearer(const struct neighbour *a, const struct neighbour *b)
{
    return a->cosine != b->cosine ? a->cosine > b->cosine : a->id < b->id;
}

static int by_cosine(const void *left, const void *right)
{
    return is_nearer(right, left) - is_nearer(left, right);
}

/* ---- few queries ---- */

/* Computes the cosines of the query with the words first … end − 1. */
static void score_words(struct knn_cpu *t, uint32_t first, uint32_t end)
{
    for (uint32_t id = first; id < end; id += SCORES_AT_ONCE) {
        const float *row[SCORES_AT_ONCE];
        double product[SCORES_AT_ONCE];
        for (uint32_t j = 0; j < SCORES_AT_ONCE; j++)
            row[j] = row_of(t, id + j < end ? id + j : id);
        t->kernel->products(t->vector, row, t->config.dim, product);
        for (uint32_t j = 0; j < SCORES_AT_ONCE && id + j < end; j++)
            t->cosine[id + j] = cosine_from(t, product[j], t->query_square, id + j);
    }
}

static void score_all(void *data)
{
    struct knn_cpu *t = data;
    uint32_t first, end;
    while (take_range(t, CHUNK, t->config.words, &first, &end))
        score_words(t, first, end);
}

/* Moves heap[at] down until no neighbour below it is farther away: the root of the heap is the
 * farthest one. */
static void sift_down(struct neighbour *heap, uint32_t n, size_t at)
{
    struct neighbour moved = heap[at];
    for (size_t child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && is_nearer(&heap[child], &heap[child + 1]))
            child++;
        if (!is_nearer(&moved, &heap[child]))
            break;
        heap[at] = heap[child];
    }
    heap[at] = moved;
}

/* Finds the k nearest of all words that are not excluded, sorted. */
static void select_first(const struct knn_cpu *t, const struct knn_query *query, uint32_t k,
                         struct neighbour *found)
{
    uint32_t used = 0;
    for (uint32_t id = 0; id < t->config.words; id++) {
        struct neighbour word = {id, t->cosine[id]};
        if ((used == k && !is_nearer(&word, &found[0])) || is_excluded(query, id))
            continue;
        if (used == k) {
            found[0] = word;
            sift_down(found, k, 0);
            continue;
        }
        found[used++] = word;
        for (size_t at = used == k ? k / 2 : 0; at > 0; at--)
            sift_down(found, k, at - 1);
    }
    qsort(found, used, sizeof *found, by_cosine);
    for (; used < k; used++)
        found[used] = (struct neighbour){NO_WORD, -2};
}

static void search_few(struct knn_cpu *t)
{
    for (uint32_t i = 0; i < t->n; i++) {
        t->vector = t->query[i].vector;
        t->query_square = square_of(t, t->vector);
        run(t, score_all);
        select_first(t, &t->query[i], t->k, t->found + (size_t)i * t->k);
    }
}

/* ---- many queries: the list of a query ---- */

/* Converts a float to an integer that increases with it, and back. */
static int32_t float_to_ordered(float value)
{
    int32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits < 0 ? bits ^ INT32_MAX : bits;
}

static float ordered_to_float(int32_t bits)
{
    float value;
    bits = bits < 0 ? bits ^ INT32_MAX : bits;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Drops the words whose score is below `least`, and raises the threshold so that no more of them
 * are added. A product is never nearer to zero than the score computed from it: a positive lower
 * bound of the score is also one of the product, a negative one is not. */
static void drop_below(struct list *list, float *threshold, double least)
{
    int32_t lowest = float_to_ordered((float)least);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < list->used; i++) {
        list->score[kept] = list->score[i];
        list->id[kept] = list->id[i];
        kept += list->score[i] >= lowest;
    }
    list->used = kept;
    if (least > 0)
        *threshold = fmaxf(*threshold, (float)least);
}

/* Drops the words that are certainly farther away than k others: those whose score is below the
 * k-th largest by more than the error of both scores. */
static void prune(const struct knn_cpu *t, struct list *list, float *threshold)
{
    int32_t least = t->kernel->largest(list->score, list->used, t->k);
    drop_below(list, threshold, ordered_to_float(least) - 2 * t->error);
}

/* Stores the words of the list with their cosines in exact (used), sorted. */
static void score_exactly(const struct knn_cpu *t, const struct list *list, struct neighbour *exact)
{
    for (uint32_t i = 0; i < list->used; i += SCORES_AT_ONCE) {
        const float *row[SCORES_AT_ONCE];
        double product[SCORES_AT_ONCE];
        for (uint32_t j = 0; j < SCORES_AT_ONCE; j++)
            row[j] = row_of(t, list->id[i + j < list->used ? i + j : i]);
        t->kernel->products(list->query->vector, row, t->config.dim, product);
        for (uint32_t j = 0; j < SCORES_AT_ONCE && i + j < list->used; j++) {
            uint32_t id = list->id[i + j];
            exact[i + j] = (struct neighbour){id, cosine_from(t, product[j], list->square, id)};
        }
    }
    qsort(exact, list->used, sizeof *exact, by_cosine);
}

/* Makes room for the columns of a tile. If too many words are equally near within the error of
 * float32, the cosines decide. */
static void shrink(const struct knn_cpu *t, struct list *list, float *threshold,
                   struct neighbour *exact)
{
    prune(t, list, threshold);
    if (list->used <= t->capacity / 2)
        return;
    score_exactly(t, list, exact);
    for (uint32_t i = 0; i < t->k; i++) {
        list->id[i] = exact[i].id;
        list->score[i] = float_to_ordered((float)exact[i].cosine);
    }
    list->used = t->k;
    drop_below(list, threshold, exact[t->k - 1].cosine - t->error);
}

/* Adds those of the `count` words from `first` on whose product reaches the threshold. */
static void add_words(const struct knn_cpu *t, struct list *list, float threshold,
                      const float *product, uint32_t first, uint32_t count)
{
    for (uint32_t c = 0; c < count; c++) {
        uint32_t id = first + c;
        if (product[c] < threshold || is_excluded(list->query, id))
            continue;
        /* The effect of KNN_EPSILON, which matters for very short vectors. */
        double squares = t->square[id] * list->square;
        double shorten = 1 / sqrt(1 + KNN_EPSILON / squares);
        list->score[list->used] = float_to_ordered((float)(product[c] * shorten));
        list->id[list->used++] = id;
    }
}

/* ---- many queries: blocks ---- */

/* Stores the unit vector of `vector`, whose length is √square, in one of `side` columns. */
static void pack(const struct knn_cpu *t, const float *vector, double square, uint32_t side,
                 float *column)
{
    double scale = square > 0 ? 1 / sqrt(square) : 0;
    for (size_t i = 0; i < t->config.dim; i++)
        column[i * side] = (float)(vector[i] * scale);
}

static void start_lists(const struct knn_cpu *t, struct member *m, const struct knn_query *query,
                        uint32_t n)
{
    uint32_t rows = t->kernel->rows;
    for (uint32_t i = 0; i < (n + rows - 1) / rows * rows; i++) {
        struct list *list = &m->list[i];
        /* A tile that is not full is filled up with the last query, which then finds nothing. */
        list->query = &query[i < n ? i : n - 1];
        list->square = square_of(t, list->query->vector);
        list->used = 0;
        m->threshold[i] = i < n ? -INFINITY : INFINITY;
        pack(t, list->query->vector, list->square, rows,
             m->queries + (size_t)(i - i % rows) * t->config.dim + i % rows);
    }
}

/* Searches the panel of words from `first` on for the tile of queries from `at` on. */
static void search_tile(const struct knn_cpu *t, struct member *m, uint32_t first, uint32_t at)
{
    const struct scores *kernel = t->kernel;
    uint32_t left = t->config.words - first;
    uint32_t count = left < kernel->columns ? left : kernel->columns;
    uint32_t hits = kernel->tile(m->queries + (size_t)at * t->config.dim,
                                 t->unit + (size_t)first * t->config.dim, t->config.dim,
                                 m->threshold + at, m->product);
    for (; hits; hits &= hits - 1) {
        uint32_t r = (uint32_t)__builtin_ctz(hits);
        struct list *list = &m->list[at + r];
        float *threshold = &m->threshold[at + r];
        add_words(t, list, *threshold, m->product + (size_t)r * kernel->columns, first, count);
        if (list->used > t->capacity - kernel->columns)
            shrink(t, list, threshold, m->exact);
    }
}

static void search_block(const struct knn_cpu *t, struct member *m, uint32_t from, uint32_t end)
{
    uint32_t n = end - from;
    start_lists(t, m, t->query + from, n);
    for (uint32_t first = 0; first < t->config.words; first += t->kernel->columns)
        for (uint32_t at = 0; at < n; at += t->kernel->rows)
            search_tile(t, m, first, at);
    for (uint32_t i = 0; i < n; i++) {
        prune(t, &m->list[i], &m->threshold[i]);
        score_exactly(t, &m->list[i], m->exact);
        memcpy(t->found + ((size_t)from + i) * t->k, m->exact, t->k * sizeof *m->exact);
    }
}

static void search_blocks(void *data)
{
    struct knn_cpu *t = data;
    struct member *m = &t->member[team_member()];
    uint32_t first, end;
    while (take_range(t, t->block, t->n, &first, &end))
        search_block(t, m, first, end);
}

static void search_many(struct knn_cpu *t)
{
    uint32_t rows = t->kernel->rows, share = (t->n - 1) / t->threads / rows + 1;
    t->block = rows * (share < TILES ? share : TILES);
    run(t, search_blocks);
}

/* ---- interface ---- */

/* Whether each query has at least k words that are not excluded, which the lists require. */
static bool all_have_enough(const struct knn_cpu *t)
{
    for (uint32_t i = 0; i < t->n; i++)
        if (t->query[i].excluded > t->config.words - t->k)
            return false;
    return true;
}

static int search(struct knn *knn, const struct knn_query *query, uint32_t n, uint32_t k,
                  struct neighbour *found, struct error *err)
{
    (void)err;
    struct knn_cpu *t = (struct knn_cpu *)knn;
    t->query = query;
    t->n = n;
    t->k = k;
    t->found = found;
    if (t->unit && n > 0 && all_have_enough(t))
        search_many(t);
    else
        search_few(t);
    return 0;
}

/* Computes |W_w|², and unit vectors for many queries, of the words first … end − 1. */
static void prepare_words(struct knn_cpu *t, uint32_t first, uint32_t end)
{
    for (uint32_t id = first; id < end; id += SCORES_AT_ONCE) {
        const float *row[SCORES_AT_ONCE];
        double square[SCORES_AT_ONCE];
        for (uint32_t j = 0; j < SCORES_AT_ONCE; j++)
            row[j] = row_of(t, id + j < end ? id + j : id);
        t->kernel->squares(row, t->config.dim, square);
        uint32_t n = end - id < SCORES_AT_ONCE ? end - id : SCORES_AT_ONCE;
        memcpy(t->square + id, square, n * sizeof *square);
    }
    uint32_t columns = t->kernel->columns;
    for (uint32_t id = first; t->unit && id < end; id++)
        pack(t, row_of(t, id), t->square[id], columns,
             t->unit + (size_t)(id - id % columns) * t->config.dim + id % columns);
}

static void prepare(void *data)
{
    struct knn_cpu *t = data;
    uint32_t first, end;
    while (take_range(t, CHUNK, t->config.words, &first, &end))
        prepare_words(t, first, end);
}

static int reserve_member(const struct knn_cpu *t, struct member *m, struct error *err)
{
    size_t queries = (size_t)TILES * t->kernel->rows;
    m->queries = memory_new_aligned(queries * t->config.dim, sizeof *m->queries, err);
    m->threshold = memory_new(queries, sizeof *m->threshold, err);
    m->product =
        memory_new_aligned((size_t)t->kernel->rows * t->kernel->columns, sizeof *m->product, err);
    m->scores = memory_new(queries * t->capacity, sizeof *m->scores, err);
    m->ids = memory_new(queries * t->capacity, sizeof *m->ids, err);
    m->list = memory_new(queries, sizeof *m->list, err);
    m->exact = memory_new(t->capacity, sizeof *m->exact, err);
    if (!m->queries || !m->threshold || !m->product || !m->scores || !m->ids || !m->list ||
        !m->exact)
        return -1;
    for (size_t i = 0; i < queries; i++) {
        m->list[i].score = m->scores + i * t->capacity;
        m->list[i].id = m->ids + i * t->capacity;
    }
    return 0;
}

static void release_member(struct member *m)
{
    free(m->queries);
    free(m->threshold);
    free(m->product);
    free(m->scores);
    free(m->ids);
    free(m->list);
    free(m->exact);
}

static void destroy(struct knn *knn)
{
    struct knn_cpu *t = (struct knn_cpu *)knn;
    team_release(&t->team);
    for (unsigned i = 0; t->member && i < t->threads; i++)
        release_member(&t->member[i]);
    free(t->member);
    free(t->square);
    free(t->cosine);
    free(t->unit);
    free(t);
}

static const struct knn_methods methods = {search, destroy};

static int reserve_for_many(struct knn_cpu *t, struct error *err)
{
    uint32_t columns = t->kernel->columns;
    size_t panels = ((size_t)t->config.words + columns - 1) / columns;
    t->error = scores_error(t->config.dim);
    t->capacity = 2 * t->config.k + 4 * columns;
    t->unit = memory_new_aligned(panels * columns * t->config.dim, sizeof *t->unit, err);
    if (t->unit) /* the unused columns of the last panel must be zero */
        memset(t->unit + (panels - 1) * columns * t->config.dim, 0,
               columns * t->config.dim * sizeof *t->unit);
    t->member = memory_new(t->threads, sizeof *t->member, err);
    if (!t->unit || !t->member)
        return -1;
    for (unsigned i = 0; i < t->threads; i++)
        if (reserve_member(t, &t->member[i], err) < 0)
            return -1;
    return 0;
}

static int create(struct knn_cpu *t, struct error *err)
{
    const struct knn_config *c = &t->config;
    double work = (double)c->queries * c->words * c->dim;
    t->threads =
        work / WORTH_A_THREAD < c->threads ? 1 + (unsigned)(work / WORTH_A_THREAD) : c->threads;
    t->square = memory_new(c->words, sizeof *t->square, err);
    t->cosine = memory_new(c->words, sizeof *t->cosine, err);
    if (!t->square || !t->cosine)
        return -1;
    /* If k is a large part of all words, the lists drop too few of them. */
    bool many = c->queries >= KNN_MANY && c->k <= K_MAX_MANY && c->k <= c->words / 8;
    if ((many && reserve_for_many(t, err) < 0) || team_init(&t->team, t->threads, err) < 0)
        return -1;
    run(t, prepare);
    return 0;
}

struct knn *knn_cpu_create(const struct knn_config *config, struct error *err)
{
    struct knn_cpu *t = memory_new(1, sizeof *t, err);
    if (!t)
        return NULL;
    t->base = (struct knn){&methods, "cpu"};
    t->config = *config;
    t->kernel = scores_best();
    if (create(t, err) < 0) {
        destroy(&t->base);
        return NULL;
    }
    return &t->base;
}

/* SPDX-License-Identifier: MIT */
/* Questions go by in batches that have few different words: for a chunk of the vocabulary, the cosines
 * of these words with it are made once, tile by tile (scores.h), and every question of the batch looks
 * through three rows of them. It keeps the words whose score can be the largest, as far as float32 can
 * tell. */
#include "search/analogies.h"

#include <math.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/team.h"
#include "search/cosine.h"
#include "search/scores.h"

enum {
    CHUNK = 256,       /* words of the vocabulary; a multiple of every tile's columns */
    BATCH_WORDS = 256, /* different words of a batch, at most */
    BATCH = 1024,      /* questions of a batch, at most */
    CANDIDATES = 64,
};

struct candidate {
    uint32_t id;
    float most; /* no score of it is larger */
};

/* What can be the answer to a question. */
struct search {
    float bound; /* the answer's score is not smaller */
    uint32_t used;
    struct candidate candidate[CANDIDATES];
};

/* What a thread needs for a batch. */
struct member {
    uint32_t *place; /* (words) among the batch's, NO_WORD */
    uint32_t *word;  /* (BATCH_WORDS) */
    uint32_t words;
    float *queries;        /* (tiles, dim, rows): unit vectors of them */
    float *panel;          /* (dim, columns) of the vocabulary's */
    float *tile;           /* (rows, columns) products */
    float *cosine;         /* (tiles · rows, CHUNK) */
    struct search *search; /* (BATCH, methods) */
};

struct batch {
    size_t first, end;
};

struct solver {
    struct analogies_config config;
    const struct scores *kernel;
    struct analogy *analogy;
    float error;
    double *square; /* (words) |W_w|² */
    struct batch *batch;
    size_t batches, batch_capacity;
    atomic_size_t next;    /* batch or chunk that no thread has taken yet */
    struct member *member; /* (threads) */
};

static const float *row_of(const struct solver *s, uint32_t id)
{
    return s->config.rows + (size_t)id * s->config.dim;
}

/* ---- exact scores ---- */

static double exact_score(const struct solver *s, const struct analogy *a, uint32_t id,
                          enum analogy_method method)
{
    const float *row[SCORES_AT_ONCE];
    double product[SCORES_AT_ONCE], between[3];
    for (int i = 0; i < SCORES_AT_ONCE; i++)
        row[i] = row_of(s, a->word[i < 3 ? i : 0]);
    s->kernel->products(row_of(s, id), row, s->config.dim, product);
    for (int i = 0; i < 3; i++)
        between[i] = cosine_of_products(product[i], s->square[id], s->square[a->word[i]]);
    if (method == ANALOGY_ADD)
        return between[1] + between[2] - between[0];
    return (1 + between[1]) / 2 * ((1 + between[2]) / 2) / ((1 + between[0]) / 2 + 1e-6);
}

/* Leaves the best of the candidates alone. */
static void settle(const struct solver *s, struct search *search, const struct analogy *a,
                   enum analogy_method method)
{
    uint32_t best = NO_WORD;
    double most = -INFINITY;
    for (uint32_t i = 0; i < search->used; i++) {
        uint32_t id = search->candidate[i].id;
        double score = exact_score(s, a, id, method);
        if (score > most || (score == most && id < best)) {
            most = score;
            best = id;
        }
    }
    search->used = best != NO_WORD;
    search->candidate[0] = (struct candidate){best, INFINITY};
    search->bound = fmaxf(search->bound, nextafterf((float)most, -INFINITY));
}

/* Drops the candidates that fell below the bound. */
static void prune(struct search *search)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < search->used; i++)
        if (search->candidate[i].most >= search->bound)
            search->candidate[kept++] = search->candidate[i];
    search->used = kept;
}

/* ---- candidates ---- */

static bool is_of_question(const struct solver *s, const struct analogy *a, uint32_t id)
{
    const uint32_t *group = s->config.group;
    return group[id] == group[a->word[0]] || group[id] == group[a->word[1]] ||
           group[id] == group[a->word[2]];
}

/* The words from `first` to `end`, by their cosines with a, b and c (end − first of each). */
static void look_through(const struct solver *s, struct search *search, const struct analogy *a,
                         enum analogy_method method, const float *const *cosine, uint32_t first,
                         uint32_t end)
{
    float (*score)(float, float, float, float) = method == ANALOGY_ADD ? scores_add : scores_mul;
    for (uint32_t i = 0; i < end - first; i++) {
        float x = cosine[0][i], y = cosine[1][i], z = cosine[2][i];
        float most = score(x, y, z, s->error);
        if (most < search->bound || is_of_question(s, a, first + i))
            continue;
        if (search->used == CANDIDATES)
            prune(search);
        if (search->used == CANDIDATES)
            settle(s, search, a, method);
        search->candidate[search->used++] = (struct candidate){first + i, most};
        search->bound = fmaxf(search->bound, score(x, y, z, -s->error));
    }
}

/* A vector of length √square as a unit vector, in one of `side` columns. */
static void pack(const struct solver *s, uint32_t id, uint32_t side, float *column)
{
    const float *row = row_of(s, id);
    double scale = s->square[id] > 0 ? 1 / sqrt(s->square[id]) : 0;
    for (size_t i = 0; i < s->config.dim; i++)
        column[i * side] = (float)(row[i] * scale);
}

/* The cosines of the batch's words with those of the vocabulary from `first` to `end`. */
static void make_cosines(const struct solver *s, struct member *m, uint32_t first, uint32_t end)
{
    uint32_t rows = s->kernel->rows, columns = s->kernel->columns;
    float never[SCORES_ROWS];
    for (uint32_t r = 0; r < SCORES_ROWS; r++)
        never[r] = INFINITY;
    for (uint32_t at = first; at < end; at += columns) {
        for (uint32_t c = 0; c < columns; c++)
            pack(s, at + c < end ? at + c : end - 1, columns, m->panel + c);
        for (uint32_t word = 0; word < m->words; word += rows) {
            s->kernel->tile(m->queries + (size_t)word * s->config.dim, m->panel, s->config.dim,
                            never, m->tile);
            for (uint32_t r = 0; r < rows; r++)
                memcpy(m->cosine + (size_t)(word + r) * CHUNK + (at - first),
                       m->tile + (size_t)r * columns, columns * sizeof *m->tile);
        }
    }
}

static void solve_chunk(const struct solver *s, struct member *m, const struct batch *batch,
                        uint32_t first, uint32_t end)
{
    make_cosines(s, m, first, end);
    for (size_t q = batch->first; q < batch->end; q++) {
        const struct analogy *a = &s->analogy[q];
        const float *cosine[3];
        for (int i = 0; i < 3; i++)
            cosine[i] = m->cosine + (size_t)m->place[a->word[i]] * CHUNK;
        struct search *search = &m->search[ANALOGY_METHODS * (q - batch->first)];
        if (s->kernel->add_reaches(cosine[0], cosine[1], cosine[2], end - first, s->error,
                                   search[ANALOGY_ADD].bound))
            look_through(s, &search[ANALOGY_ADD], a, ANALOGY_ADD, cosine, first, end);
        if (s->kernel->mul_reaches(cosine[0], cosine[1], cosine[2], end - first, s->error,
                                   search[ANALOGY_MUL].bound))
            look_through(s, &search[ANALOGY_MUL], a, ANALOGY_MUL, cosine, first, end);
    }
}

/* ---- batches ---- */

static void add_place(struct member *m, uint32_t id)
{
    if (m->place[id] != NO_WORD)
        return;
    m->place[id] = m->words;
    m->word[m->words++] = id;
}

static void start_batch(const struct solver *s, struct member *m, const struct batch *batch)
{
    uint32_t rows = s->kernel->rows;
    for (size_t q = batch->first; q < batch->end; q++)
        for (int i = 0; i < 3; i++)
            add_place(m, s->analogy[q].word[i]);
    for (uint32_t i = 0; i < (m->words + rows - 1) / rows * rows; i++)
        pack(s, m->word[i < m->words ? i : 0], rows,
             m->queries + (size_t)(i - i % rows) * s->config.dim + i % rows);
    for (size_t i = 0; i < ANALOGY_METHODS * (batch->end - batch->first); i++) {
        m->search[i].used = 0;
        m->search[i].bound = -INFINITY;
    }
}

static void finish_batch(const struct solver *s, struct member *m, const struct batch *batch)
{
    for (size_t q = batch->first; q < batch->end; q++)
        for (int method = 0; method < ANALOGY_METHODS; method++) {
            struct search *search =
                &m->search[ANALOGY_METHODS * (q - batch->first) + (size_t)method];
            settle(s, search, &s->analogy[q], (enum analogy_method)method);
            s->analogy[q].answer[method] = search->used ? search->candidate[0].id : NO_WORD;
        }
    for (uint32_t i = 0; i < m->words; i++)
        m->place[m->word[i]] = NO_WORD;
    m->words = 0;
}

static void solve_batches(void *data)
{
    struct solver *s = data;
    struct member *m = &s->member[team_member()];
    for (size_t i; (i = atomic_fetch_add(&s->next, 1)) < s->batches;) {
        start_batch(s, m, &s->batch[i]);
        for (uint32_t first = 0, end; first < s->config.words; first = end) {
            end = s->config.words - first < CHUNK ? s->config.words : first + CHUNK;
            solve_chunk(s, m, &s->batch[i], first, end);
        }
        finish_batch(s, m, &s->batch[i]);
    }
}

/* Cuts the questions into batches, with the first member's places. */
static int make_batches(struct solver *s, size_t n, struct error *err)
{
    struct member *m = &s->member[0];
    for (size_t first = 0, end; first < n; first = end) {
        for (end = first; end < n && end - first < BATCH && m->words + 3 <= BATCH_WORDS; end++)
            for (int i = 0; i < 3; i++)
                add_place(m, s->analogy[end].word[i]);
        if (memory_reserve(&s->batch, &s->batch_capacity, s->batches + 1, sizeof *s->batch, err) <
            0)
            return -1;
        s->batch[s->batches++] = (struct batch){first, end};
        while (m->words > 0)
            m->place[m->word[--m->words]] = NO_WORD;
    }
    return 0;
}

static void make_squares(void *data)
{
    struct solver *s = data;
    for (size_t at; (at = CHUNK * atomic_fetch_add(&s->next, 1)) < s->config.words;)
        for (size_t id = at; id < at + CHUNK && id < s->config.words; id += SCORES_AT_ONCE) {
            const float *row[SCORES_AT_ONCE];
            double square[SCORES_AT_ONCE];
            size_t left = s->config.words - id, n = left < SCORES_AT_ONCE ? left : SCORES_AT_ONCE;
            for (size_t j = 0; j < SCORES_AT_ONCE; j++)
                row[j] = row_of(s, (uint32_t)(j < n ? id + j : id));
            s->kernel->squares(row, s->config.dim, square);
            memcpy(s->square + id, square, n * sizeof *square);
        }
}

/* ---- memory ---- */

static int reserve_member(const struct solver *s, struct member *m, struct error *err)
{
    size_t rows = s->kernel->rows, columns = s->kernel->columns, dim = s->config.dim;
    size_t queries = (BATCH_WORDS + rows - 1) / rows * rows;
    m->place = memory_new(s->config.words, sizeof *m->place, err);
    m->word = memory_new(BATCH_WORDS, sizeof *m->word, err);
    m->queries = memory_new_aligned(queries * dim, sizeof *m->queries, err);
    m->panel = memory_new_aligned(columns * dim, sizeof *m->panel, err);
    m->tile = memory_new_aligned(rows * columns, sizeof *m->tile, err);
    m->cosine = memory_new_aligned(queries * CHUNK, sizeof *m->cosine, err);
    m->search = memory_new(BATCH, ANALOGY_METHODS * sizeof *m->search, err);
    if (!m->place || !m->word || !m->queries || !m->panel || !m->tile || !m->cosine || !m->search)
        return -1;
    memset(m->place, 0xff, s->config.words * sizeof *m->place);
    return 0;
}

static void release(struct solver *s)
{
    for (unsigned i = 0; s->member && i < s->config.threads; i++) {
        struct member *m = &s->member[i];
        free(m->place);
        free(m->word);
        free(m->queries);
        free(m->panel);
        free(m->tile);
        free(m->cosine);
        free(m->search);
    }
    free(s->member);
    free(s->square);
    free(s->batch);
}

static int solve(struct solver *s, size_t n, struct error *err)
{
    s->square = memory_new(s->config.words, sizeof *s->square, err);
    s->member = memory_new(s->config.threads, sizeof *s->member, err);
    if (!s->square || !s->member || reserve_member(s, &s->member[0], err) < 0 ||
        make_batches(s, n, err) < 0)
        return -1;
    unsigned threads = s->batches < s->config.threads ? (unsigned)s->batches : s->config.threads;
    for (unsigned i = 1; i < threads; i++)
        if (reserve_member(s, &s->member[i], err) < 0)
            return -1;
    struct team team;
    if (team_init(&team, threads, err) < 0)
        return -1;
    team_run(&team, make_squares, s);
    atomic_store(&s->next, 0);
    team_run(&team, solve_batches, s);
    team_release(&team);
    return 0;
}

int analogies_solve(const struct analogies_config *config, struct analogy *analogy, size_t n,
                    struct error *err)
{
    if (n == 0)
        return 0;
    struct solver s = {.config = *config,
                       .kernel = scores_best(),
                       .analogy = analogy,
                       .error = (float)scores_error(config->dim) + 1e-6f};
    int result = solve(&s, n, err);
    release(&s);
    return result;
}

/* SPDX-License-Identifier: MIT */
/* Questions are processed in batches with few different words. For each chunk of the vocabulary,
 * the cosines of these words with the chunk are computed once, tile by tile (scores.h), and every
 * question of the batch scans three rows of them. It keeps as candidates the words whose score
 * may be the largest, given the error of float32. */
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
    BATCH_WORDS = 256, /* the most different words in a batch */
    BATCH = 1024,      /* the most questions in a batch */
    CANDIDATES = 64,
};

struct candidate {
    uint32_t id;
    float score_max; /* upper bound of its score */
};

/* The possible answers to a question. */
struct search {
    float bound; /* lower bound of the answer's score */
    uint32_t used;
    struct candidate candidate[CANDIDATES];
};

/* The data of a thread for a batch. */
struct member {
    uint32_t *batch_index; /* (words) the index in `word` of each word, or NO_WORD */
    uint32_t *word;        /* (BATCH_WORDS) ids of the batch's words */
    uint32_t words;
    float *queries;        /* (tiles, dim, rows): unit vectors of the batch's words */
    float *panel;          /* (dim, columns): unit vectors of words of the vocabulary */
    float *tile;           /* (rows, columns): products */
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
    float error;    /* the most that a cosine of float32 can be off */
    double *square; /* (words) |W_w|² */
    struct batch *batch;
    size_t batches, batch_capacity;
    atomic_size_t next;    /* index of the batch or chunk that no thread has taken yet */
    atomic_size_t chunks;  /* that are done, in all batches */
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
    double product[SCORES_AT_ONCE], cosine[3];
    for (int i = 0; i < SCORES_AT_ONCE; i++)
        row[i] = row_of(s, a->word[i < 3 ? i : 0]);
    s->kernel->products(row_of(s, id), row, s->config.dim, product);
    for (int i = 0; i < 3; i++)
        cosine[i] = cosine_of_products(product[i], s->square[id], s->square[a->word[i]]);
    if (method == ANALOGY_ADD)
        return cosine[1] + cosine[2] - cosine[0];
    return (1 + cosine[1]) / 2 * ((1 + cosine[2]) / 2) / ((1 + cosine[0]) / 2 + 1e-6);
}

/* Computes the candidates' exact scores and keeps only the best candidate. */
static void keep_best(const struct solver *s, struct search *search, const struct analogy *a,
                      enum analogy_method method)
{
    uint32_t best = NO_WORD;
    double best_score = -INFINITY;
    for (uint32_t i = 0; i < search->used; i++) {
        uint32_t id = search->candidate[i].id;
        double score = exact_score(s, a, id, method);
        if (score > best_score || (score == best_score && id < best)) {
            best_score = score;
            best = id;
        }
    }
    search->used = best != NO_WORD;
    search->candidate[0] = (struct candidate){best, INFINITY};
    search->bound = fmaxf(search->bound, nextafterf((float)best_score, -INFINITY));
}

/* Drops the candidates whose score is below the bound. */
static void prune(struct search *search)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < search->used; i++)
        if (search->candidate[i].score_max >= search->bound)
            search->candidate[kept++] = search->candidate[i];
    search->used = kept;
}

/* ---- candidates ---- */

static bool is_in_question(const struct solver *s, const struct analogy *a, uint32_t id)
{
    const uint32_t *group = s->config.group;
    return group[id] == group[a->word[0]] || group[id] == group[a->word[1]] ||
           group[id] == group[a->word[2]];
}

/* Adds candidates from the words first … end − 1. cosine[0 … 2] (end − first) are their cosines
 * with a, b and c. */
static void scan_words(const struct solver *s, struct search *search, const struct analogy *a,
                       enum analogy_method method, const float *const *cosine, uint32_t first,
                       uint32_t end)
{
    float (*score)(float, float, float, float) = method == ANALOGY_ADD ? scores_add : scores_mul;
    for (uint32_t i = 0; i < end - first; i++) {
        float x = cosine[0][i], y = cosine[1][i], z = cosine[2][i];
        float score_max = score(x, y, z, s->error);
        if (score_max < search->bound || is_in_question(s, a, first + i))
            continue;
        if (search->used == CANDIDATES)
            prune(search);
        if (search->used == CANDIDATES)
            keep_best(s, search, a, method);
        search->candidate[search->used++] = (struct candidate){first + i, score_max};
        search->bound = fmaxf(search->bound, score(x, y, z, -s->error));
    }
}

/* Stores the unit vector of a word in one of `side` columns. */
static void pack(const struct solver *s, uint32_t id, uint32_t side, float *column)
{
    const float *row = row_of(s, id);
    double scale = s->square[id] > 0 ? 1 / sqrt(s->square[id]) : 0;
    for (size_t i = 0; i < s->config.dim; i++)
        column[i * side] = (float)(row[i] * scale);
}

/* Computes the cosines of the batch's words with the words first … end − 1 of the vocabulary. */
static void compute_cosines(const struct solver *s, struct member *m, uint32_t first, uint32_t end)
{
    uint32_t rows = s->kernel->rows, columns = s->kernel->columns;
    float threshold[SCORES_ROWS];
    for (uint32_t r = 0; r < SCORES_ROWS; r++)
        threshold[r] = INFINITY;
    for (uint32_t at = first; at < end; at += columns) {
        for (uint32_t c = 0; c < columns; c++)
            pack(s, at + c < end ? at + c : end - 1, columns, m->panel + c);
        for (uint32_t word = 0; word < m->words; word += rows) {
            s->kernel->tile(m->queries + (size_t)word * s->config.dim, m->panel, s->config.dim,
                            threshold, m->tile);
            for (uint32_t r = 0; r < rows; r++)
                memcpy(m->cosine + (size_t)(word + r) * CHUNK + (at - first),
                       m->tile + (size_t)r * columns, columns * sizeof *m->tile);
        }
    }
}

static void solve_chunk(const struct solver *s, struct member *m, const struct batch *batch,
                        uint32_t first, uint32_t end)
{
    compute_cosines(s, m, first, end);
    for (size_t q = batch->first; q < batch->end; q++) {
        const struct analogy *a = &s->analogy[q];
        const float *cosine[3];
        for (int i = 0; i < 3; i++)
            cosine[i] = m->cosine + (size_t)m->batch_index[a->word[i]] * CHUNK;
        struct search *search = &m->search[ANALOGY_METHODS * (q - batch->first)];
        if (s->kernel->add_reaches(cosine[0], cosine[1], cosine[2], end - first, s->error,
                                   search[ANALOGY_ADD].bound))
            scan_words(s, &search[ANALOGY_ADD], a, ANALOGY_ADD, cosine, first, end);
        if (s->kernel->mul_reaches(cosine[0], cosine[1], cosine[2], end - first, s->error,
                                   search[ANALOGY_MUL].bound))
            scan_words(s, &search[ANALOGY_MUL], a, ANALOGY_MUL, cosine, first, end);
    }
}

/* ---- batches ---- */

static void add_word(struct member *m, uint32_t id)
{
    if (m->batch_index[id] != NO_WORD)
        return;
    m->batch_index[id] = m->words;
    m->word[m->words++] = id;
}

static void start_batch(const struct solver *s, struct member *m, const struct batch *batch)
{
    uint32_t rows = s->kernel->rows;
    for (size_t q = batch->first; q < batch->end; q++)
        for (int i = 0; i < 3; i++)
            add_word(m, s->analogy[q].word[i]);
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
            keep_best(s, search, &s->analogy[q], (enum analogy_method)method);
            s->analogy[q].answer[method] = search->used ? search->candidate[0].id : NO_WORD;
        }
    for (uint32_t i = 0; i < m->words; i++)
        m->batch_index[m->word[i]] = NO_WORD;
    m->words = 0;
}

/* Counts a chunk that is done. */
static void report_chunk(struct solver *s)
{
    size_t done = atomic_fetch_add(&s->chunks, 1) + 1;
    if (s->config.progress && team_member() == 0)
        s->config.progress(done, s->batches * ((s->config.words + CHUNK - 1) / CHUNK));
}

static void solve_batches(void *data)
{
    struct solver *s = data;
    struct member *m = &s->member[team_member()];
    for (size_t i; (i = atomic_fetch_add(&s->next, 1)) < s->batches;) {
        start_batch(s, m, &s->batch[i]);
        for (uint32_t first = s->config.first, end; first < s->config.words; first = end) {
            end = s->config.words - first < CHUNK ? s->config.words : first + CHUNK;
            solve_chunk(s, m, &s->batch[i], first, end);
            report_chunk(s);
        }
        finish_batch(s, m, &s->batch[i]);
    }
}

/* Divides the questions into batches, using the first member's batch_index. */
static int make_batches(struct solver *s, size_t n, struct error *err)
{
    struct member *m = &s->member[0];
    for (size_t first = 0, end; first < n; first = end) {
        for (end = first; end < n && end - first < BATCH && m->words + 3 <= BATCH_WORDS; end++)
            for (int i = 0; i < 3; i++)
                add_word(m, s->analogy[end].word[i]);
        if (memory_reserve(&s->batch, &s->batch_capacity, s->batches + 1, sizeof *s->batch, err) <
            0)
            return -1;
        s->batch[s->batches++] = (struct batch){first, end};
        while (m->words > 0)
            m->batch_index[m->word[--m->words]] = NO_WORD;
    }
    return 0;
}

static void compute_squares(void *data)
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
    m->batch_index = memory_new(s->config.words, sizeof *m->batch_index, err);
    m->word = memory_new(BATCH_WORDS, sizeof *m->word, err);
    m->queries = memory_new_aligned(queries * dim, sizeof *m->queries, err);
    m->panel = memory_new_aligned(columns * dim, sizeof *m->panel, err);
    m->tile = memory_new_aligned(rows * columns, sizeof *m->tile, err);
    m->cosine = memory_new_aligned(queries * CHUNK, sizeof *m->cosine, err);
    m->search = memory_new(BATCH, ANALOGY_METHODS * sizeof *m->search, err);
    if (!m->batch_index || !m->word || !m->queries || !m->panel || !m->tile || !m->cosine ||
        !m->search)
        return -1;
    memset(m->batch_index, 0xff, s->config.words * sizeof *m->batch_index);
    return 0;
}

static void release(struct solver *s)
{
    for (unsigned i = 0; s->member && i < s->config.threads; i++) {
        struct member *m = &s->member[i];
        free(m->batch_index);
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
    team_run(&team, compute_squares, s);
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

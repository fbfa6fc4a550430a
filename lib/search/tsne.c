/* SPDX-License-Identifier: MIT */
#include "search/tsne.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/elementary.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/team.h"

enum {
    LANES = 8,
    PIECE = 8,             /* rows that a thread takes at a time */
    ROWS_PER_THREAD = 256, /* with fewer, waiting for each other takes longer than the work */
    EXAGGERATED = 250,     /* the most iterations with exaggeration */
    BISECTIONS = 100
};
static const float EXAGGERATION = 2, EARLY_MOMENTUM = 0.5f, MOMENTUM = 0.8f;
static const float GAIN_MORE = 0.2f, GAIN_LESS = 0.8f, GAIN_LEAST = 0.01f;
static const float SPREAD = 1e-4f; /* standard deviation of the first coordinate at the start */
static const double ENTROPY_TOLERANCE = 1e-5;
static const float P_LEAST = 1e-20f; /* smaller values become 0: they do not matter, but denormal
                                      * numbers would be slow */

/* The compiler makes SIMD instructions of operations on these. All sums are taken lane by lane,
 * then over the lanes in order, so that their bits do not depend on the width of the registers. */
typedef float vec __attribute__((vector_size(4 * LANES)));

/* The data of all threads. Coordinates are in two arrays, padded to a multiple of LANES. */
struct tsne {
    const struct unit_rows *unit;
    const struct tsne_config *config;
    uint32_t n;
    size_t stride;                       /* n padded */
    float *p;                            /* (n × stride) p_j|i, then p_ij; padding is 0 */
    float *floats;                       /* the arrays of floats, one after the other */
    float *y[2], *velocity[2], *gain[2]; /* (stride) */
    float *attraction[2], *repulsion[2]; /* (stride) Σ p w (y_i − y_j), Σ w² (y_i − y_j) */
    float *real;                         /* (stride) 1 for words, 0 for padding */
    float *distance;                     /* (threads × stride) from a word to all words */
    double *weight;                      /* (n) Σ w_ij */
    double *divergence;                  /* (n) the part of C of each row */
    struct team team;
    struct team_work work;
};

static float sum_lanes(const vec *value)
{
    float sum = 0;
    for (int i = 0; i < LANES; i++)
        sum += (*value)[i];
    return sum;
}

/* Runs a function on all threads, which share the rows among them. */
static void share_rows(struct tsne *t, team_function *function)
{
    team_work_start(&t->work, t->n);
    team_run(&t->team, function, t);
}

/* ---- probabilities ---- */

/* Squared distances between word i and all words, FLT_MAX to itself. */
static void find_distances(const struct unit_rows *unit, uint32_t i, float *distance)
{
    size_t registers = unit->stride / LANES;
    const vec *a = (const vec *)(unit->row + i * unit->stride);
    for (uint32_t j = 0; j < unit->count; j++) {
        const vec *b = (const vec *)(unit->row + j * unit->stride);
        vec sum = {0};
        for (size_t k = 0; k < registers; k++)
            sum += (a[k] - b[k]) * (a[k] - b[k]);
        distance[j] = sum_lanes(&sum);
    }
    distance[i] = FLT_MAX;
}

/* Stores exp(−β (d² − least)) in p (n). Returns the sum; *mean becomes the mean of d² − least. */
static double weigh(const float *distance, uint32_t n, double least, double beta, float *p,
                    double *mean)
{
    double sum = 0, moment = 0;
    for (uint32_t j = 0; j < n; j++) {
        double more = distance[j] - least, e = exp_of_negative(-beta * more);
        p[j] = (float)e;
        sum += e;
        moment += e * more;
    }
    *mean = moment / sum;
    return sum;
}

void tsne_conditional(const float *distance, uint32_t n, double perplexity, float *p)
{
    float least = FLT_MAX;
    for (uint32_t j = 0; j < n; j++)
        if (distance[j] < least)
            least = distance[j];
    double wanted = log_of_positive(perplexity), beta = 1, low = 0, high = INFINITY, sum = 1, mean;
    for (int step = 0; step < BISECTIONS; step++) {
        sum = weigh(distance, n, least, beta, p, &mean);
        double excess = log_of_positive(sum) + beta * mean - wanted;
        if (fabs(excess) < ENTROPY_TOLERANCE)
            break;
        if (excess > 0)
            low = beta;
        else
            high = beta;
        beta = isinf(high) ? 2 * beta : (low + high) / 2;
    }
    for (uint32_t j = 0; j < n; j++)
        p[j] = (float)(p[j] / sum);
}

static void find_conditionals(void *data)
{
    struct tsne *t = data;
    float *distance = t->distance + team_member() * t->stride;
    uint32_t start, end;
    while (team_work_take(&t->work, &start, &end))
        for (uint32_t i = start; i < end; i++) {
            find_distances(t->unit, i, distance);
            tsne_conditional(distance, t->n, t->config->perplexity, t->p + i * t->stride);
        }
}

/* Replaces p_j|i by p_ij. The thread that has row i has all pairs (i, j) with j > i. */
static void make_symmetric(void *data)
{
    struct tsne *t = data;
    uint32_t start, end;
    while (team_work_take(&t->work, &start, &end))
        for (uint32_t i = start; i < end; i++)
            for (uint32_t j = i + 1; j < t->n; j++) {
                float *a = t->p + i * t->stride + j, *b = t->p + j * t->stride + i;
                float p = (*a + *b) / (2 * (float)t->n);
                *a = *b = p < P_LEAST ? 0 : p;
            }
}

/* ---- gradient descent ---- */

/* The sums over row i. */
static void find_forces(struct tsne *t, uint32_t i)
{
    vec attraction[2] = {{0}}, repulsion[2] = {{0}}, weight = {0};
    const vec *p = (const vec *)(t->p + i * t->stride);
    const vec *x = (const vec *)t->y[0], *y = (const vec *)t->y[1];
    for (size_t k = 0; k < t->stride / LANES; k++) {
        vec dx = t->y[0][i] - x[k], dy = t->y[1][i] - y[k];
        vec w = 1 / (1 + dx * dx + dy * dy) * ((const vec *)t->real)[k];
        vec pull = p[k] * w, push = w * w;
        weight += w;
        attraction[0] += pull * dx;
        attraction[1] += pull * dy;
        repulsion[0] += push * dx;
        repulsion[1] += push * dy;
    }
    t->weight[i] = (double)sum_lanes(&weight) - 1; /* without w_ii */
    for (int c = 0; c < 2; c++) {
        t->attraction[c][i] = sum_lanes(&attraction[c]);
        t->repulsion[c][i] = sum_lanes(&repulsion[c]);
    }
}

static void find_all_forces(void *data)
{
    struct tsne *t = data;
    uint32_t start, end;
    while (team_work_take(&t->work, &start, &end))
        for (uint32_t i = start; i < end; i++)
            find_forces(t, i);
}

static double total(const double *part, uint32_t n)
{
    double sum = 0;
    for (uint32_t i = 0; i < n; i++)
        sum += part[i];
    return sum;
}

/* Moves all words along one coordinate: a step with momentum and, per word, a gain that grows while
 * the direction stays the same. Keeps the mean at 0. */
static void move(struct tsne *t, int c, float exaggeration, float momentum, double z)
{
    float rate = (float)t->n / 12;
    double mean = 0;
    for (uint32_t i = 0; i < t->n; i++) {
        float gradient = 4 * (exaggeration * t->attraction[c][i] - (float)(t->repulsion[c][i] / z));
        float *gain = &t->gain[c][i], *velocity = &t->velocity[c][i];
        *gain = gradient * *velocity < 0 ? *gain + GAIN_MORE : *gain * GAIN_LESS;
        *gain = *gain < GAIN_LEAST ? GAIN_LEAST : *gain;
        *velocity = momentum * *velocity - rate * *gain * gradient;
        t->y[c][i] += *velocity;
        mean += t->y[c][i];
    }
    mean /= t->n;
    for (uint32_t i = 0; i < t->n; i++)
        t->y[c][i] -= (float)mean;
}

/* Runs `iterations` after the first `done` ones, from rest. */
static void descend(struct tsne *t, uint32_t done, uint32_t iterations, float exaggeration,
                    float momentum)
{
    for (int c = 0; c < 2; c++)
        for (uint32_t i = 0; i < t->n; i++) {
            t->velocity[c][i] = 0;
            t->gain[c][i] = 1;
        }
    for (uint32_t i = 0; i < iterations; i++) {
        share_rows(t, find_all_forces);
        double z = total(t->weight, t->n);
        for (int c = 0; c < 2; c++)
            move(t, c, exaggeration, momentum, z);
        if (t->config->progress)
            t->config->progress(t->config->data, done + i + 1);
    }
}

/* The part of C of each row, with the Z of the final positions. */
static void find_divergence(void *data)
{
    struct tsne *t = data;
    double z = total(t->weight, t->n);
    uint32_t start, end;
    while (team_work_take(&t->work, &start, &end))
        for (uint32_t i = start; i < end; i++) {
            t->divergence[i] = 0;
            for (uint32_t j = 0; j < t->n; j++) {
                double p = t->p[i * t->stride + j];
                double dx = (double)t->y[0][i] - t->y[0][j], dy = (double)t->y[1][i] - t->y[1][j];
                if (p > 0)
                    t->divergence[i] += p * log_of_positive(p * z * (1 + dx * dx + dy * dy));
            }
        }
}

/* ---- start and end ---- */

/* Scales the map to the spread at the start, and displaces each word by about a hundredth of it. */
static void set_positions(struct tsne *t, const float *map)
{
    double square = 0;
    for (uint32_t i = 0; i < t->n; i++)
        square += (double)map[2 * i] * map[2 * i];
    double scale = square > 0 ? SPREAD / sqrt(square / t->n) : 0;
    for (uint32_t i = 0; i < t->n; i++) {
        uint64_t word[RANDOM_BLOCK];
        random_block(word, t->config->seed, RANDOM_MAP, i, 0, 0);
        for (int c = 0; c < 2; c++) {
            double shift = 0.02 * SPREAD * (random_unit(word[c]) - 0.5);
            t->y[c][i] = (float)(map[2 * i + (size_t)c] * scale + shift);
        }
        t->real[i] = 1;
    }
}

static void get_positions(const struct tsne *t, float *map)
{
    for (uint32_t i = 0; i < t->n; i++)
        for (int c = 0; c < 2; c++)
            map[2 * i + (size_t)c] = t->y[c][i];
}

static void tsne_release(struct tsne *t)
{
    team_release(&t->team);
    team_work_release(&t->work);
    free(t->p);
    free(t->floats);
    free(t->weight);
}

static int tsne_init(struct tsne *t, const struct unit_rows *unit, const struct tsne_config *config,
                     struct error *err)
{
    uint32_t n = unit->count, most = n / ROWS_PER_THREAD + 1;
    unsigned threads = config->threads < most ? config->threads : most;
    size_t stride = ((size_t)n + LANES - 1) / LANES * LANES;
    *t = (struct tsne){.unit = unit, .config = config, .n = n, .stride = stride};
    enum { ARRAYS = 11 };
    t->p = memory_new_aligned(n, stride * sizeof *t->p, err);
    t->floats = memory_new_aligned(ARRAYS + threads, stride * sizeof *t->floats, err);
    t->weight = memory_new(2 * (size_t)n, sizeof *t->weight, err);
    if (!t->p || !t->floats || !t->weight || team_work_init(&t->work, threads, PIECE, err) < 0 ||
        team_init(&t->team, threads, err) < 0) {
        tsne_release(t);
        return -1;
    }
    memset(t->p, 0, n * stride * sizeof *t->p);
    memset(t->floats, 0, (ARRAYS + threads) * stride * sizeof *t->floats);
    float **array[ARRAYS] = {&t->y[0],          &t->y[1],          &t->velocity[0],
                             &t->velocity[1],   &t->gain[0],       &t->gain[1],
                             &t->attraction[0], &t->attraction[1], &t->repulsion[0],
                             &t->repulsion[1],  &t->real};
    for (size_t i = 0; i < ARRAYS; i++)
        *array[i] = t->floats + i * stride;
    t->distance = t->floats + ARRAYS * stride;
    t->divergence = t->weight + n;
    return 0;
}

int tsne_place(const struct unit_rows *unit, const struct tsne_config *config, float *map,
               double *divergence, struct error *err)
{
    struct tsne t;
    if (tsne_init(&t, unit, config, err) < 0)
        return -1;
    share_rows(&t, find_conditionals);
    share_rows(&t, make_symmetric);
    set_positions(&t, map);
    uint32_t early = config->iterations / 4 < EXAGGERATED ? config->iterations / 4 : EXAGGERATED;
    descend(&t, 0, early, EXAGGERATION, EARLY_MOMENTUM);
    descend(&t, early, config->iterations - early, 1, MOMENTUM);
    share_rows(&t, find_all_forces);
    share_rows(&t, find_divergence);
    *divergence = total(t.divergence, t.n);
    get_positions(&t, map);
    tsne_release(&t);
    return 0;
}

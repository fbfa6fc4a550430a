/* SPDX-License-Identifier: MIT */
/* Power iteration: repeated multiplication by the covariance matrix turns a vector towards the
 * first component and, if its part along the first one is removed each time, towards the second.
 * The matrix is XᵀX, where the rows of X are the centred vectors, and is never stored: its product
 * with a vector is Xᵀ(Xv). */
#include "search/components.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"

/* After this number of steps a component is accepted; by then, only directions whose variances are
 * nearly equal can still be mixed. */
enum { MAX_STEPS = 1000 };
static const double CONVERGED = 1e-9; /* change of the unit vector in one step */

struct projection {
    const struct unit_rows *unit;
    double *mean, *next;  /* (stride) */
    double *component[2]; /* (stride) */
    double *coordinate;   /* (count): of each word along the current direction */
    double total;         /* variance, times count */
};

static double product(const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* Divides v by its length, unless that is 0. Returns the length. */
static double normalise(double *v, size_t n)
{
    double length = sqrt(product(v, v, n));
    for (size_t i = 0; i < n && length > 0; i++)
        v[i] /= length;
    return length;
}

static void find_mean(struct projection *p)
{
    size_t stride = p->unit->stride;
    for (uint32_t i = 0; i < p->unit->count; i++)
        for (size_t j = 0; j < stride; j++)
            p->mean[j] += p->unit->row[i * stride + j] / (double)p->unit->count;
    for (uint32_t i = 0; i < p->unit->count; i++)
        for (size_t j = 0; j < stride; j++) {
            double x = p->unit->row[i * stride + j] - p->mean[j];
            p->total += x * x;
        }
    if (p->total < 1e-20 * p->unit->count)
        p->total = 0; /* equal vectors, and rounding errors of their mean */
}

/* Coordinates of all words along v: X v. */
static void project(struct projection *p, const double *v)
{
    size_t stride = p->unit->stride;
    for (uint32_t i = 0; i < p->unit->count; i++) {
        const float *row = p->unit->row + i * stride;
        double sum = 0;
        for (size_t j = 0; j < stride; j++)
            sum += (row[j] - p->mean[j]) * v[j];
        p->coordinate[i] = sum;
    }
}

/* Stores XᵀXv in p->next, without its part along the first component if v is the second. Returns
 * its length, the variance along v times count once v has converged, and normalises it. */
static double multiply(struct projection *p, const double *v, int number)
{
    size_t stride = p->unit->stride;
    project(p, v);
    memset(p->next, 0, stride * sizeof *p->next);
    for (uint32_t i = 0; i < p->unit->count; i++) {
        const float *row = p->unit->row + i * stride;
        for (size_t j = 0; j < stride; j++)
            p->next[j] += p->coordinate[i] * (row[j] - p->mean[j]);
    }
    if (number > 0) {
        double along = product(p->next, p->component[0], stride);
        for (size_t j = 0; j < stride; j++)
            p->next[j] -= along * p->component[0][j];
    }
    return normalise(p->next, stride);
}

/* Fills v with random numbers, so that it is orthogonal to no component. */
static void draw_direction(double *v, size_t n)
{
    for (size_t j = 0; j < n; j += RANDOM_BLOCK) {
        uint64_t word[RANDOM_BLOCK];
        random_block(word, 1, RANDOM_MAP, j / RANDOM_BLOCK, UINT64_MAX, 0);
        for (size_t i = j; i < n && i < j + RANDOM_BLOCK; i++)
            v[i] = random_unit(word[i - j]) - 0.5;
    }
    normalise(v, n);
}

/* Finds a component, and returns its variance times count. A variance that is only rounding error
 * counts as 0; its component is the zero vector. */
static double find_component(struct projection *p, int number)
{
    size_t stride = p->unit->stride;
    double *v = p->component[number], variance = 0, change = 1;
    draw_direction(v, stride);
    for (int step = 0; step < MAX_STEPS && change > CONVERGED; step++) {
        variance = multiply(p, v, number);
        change = 0;
        for (size_t j = 0; j < stride; j++)
            change = fmax(change, fabs(p->next[j] - v[j]));
        memcpy(v, p->next, stride * sizeof *v);
    }
    if (variance > 1e-10 * p->total && p->total > 0)
        return variance;
    memset(v, 0, stride * sizeof *v);
    return 0;
}

/* Stores the coordinates along a component, the one farthest from 0 positive. */
static void store(struct projection *p, int number, float *map)
{
    uint32_t count = p->unit->count;
    project(p, p->component[number]);
    double farthest = 0;
    for (uint32_t i = 0; i < count; i++)
        if (fabs(p->coordinate[i]) > fabs(farthest))
            farthest = p->coordinate[i];
    for (uint32_t i = 0; i < count; i++)
        map[2 * i + (size_t)number] = (float)(farthest < 0 ? -p->coordinate[i] : p->coordinate[i]);
}

int components_project(const struct unit_rows *unit, float *map, double share[2], struct error *err)
{
    size_t stride = unit->stride;
    double *scratch = memory_new(4 * stride + unit->count, sizeof *scratch, err);
    if (!scratch)
        return -1;
    struct projection p = {.unit = unit,
                           .mean = scratch,
                           .next = scratch + stride,
                           .component = {scratch + 2 * stride, scratch + 3 * stride},
                           .coordinate = scratch + 4 * stride};
    find_mean(&p);
    for (int number = 0; number < 2; number++) {
        double variance = find_component(&p, number);
        share[number] = p.total > 0 ? variance / p.total : 0;
        store(&p, number, map);
    }
    free(scratch);
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* Dense Adam: steps and closed-form rests, compared with double precision. */
#include <string.h>

#include "oracle.h"
#include "tap.h"
#include "train/adam.h"
#include "train/kernels.h"

static const double lr = 0.002;

/* Steps after which a rest starts, inside and outside the range that adam.h tabulates. */
static const uint64_t starts[] = {1, 2, 3, 5, 10, 20, 100, 1000, 5000, 32767, 32768, 40000};
static const uint64_t rests[] = {1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 50, 100, 1000, 10000};
enum { STARTS = sizeof starts / sizeof *starts, RESTS = sizeof rests / sizeof *rests };

/* One row of LANES weights, in the layout of a table; `step` is its last step with a gradient. */
struct row {
    _Alignas(64) float p[LANES];
    float m[LANES], root_v[LANES];
    uint64_t step;
};

static struct adam adam;
static const struct kernels *kernels;

/* ---- gradients and rows ---- */

/* One gradient per weight, of a magnitude drawn between low and high for each. */
static void draw_gradient(float *gradient, double low, double high, uint64_t *state)
{
    for (int i = 0; i < LANES; i++) {
        double size = low * pow(high / low, (double)i / (LANES - 1));
        gradient[i] = (float)(draw_between(state, 0.2, 1) * (draw_below(state, 2) ? size : -size));
    }
}

static void take_step(struct row *row, const float *gradient, uint64_t t)
{
    struct adam_step step = adam_step_at(&adam, t);
    adam_shrink(&step, &adam, t - row->step);
    _Alignas(64) float aligned[LANES];
    struct kernels_gradient one = {
        .rows = aligned, .stride = LANES, .n = 1, .source = &(uint32_t){0}};
    memcpy(aligned, gradient, sizeof aligned);
    kernels->adam_step(row->p, &one, &step);
    row->step = t;
}

/* Brings the row up to step t, which is later than the row's step. */
static void rest(struct row *row, uint64_t t)
{
    struct adam_rest rest = adam_rest_after(&adam, row->step, t);
    kernels->adam_rest(row->p, LANES, &rest);
}

/* The row continued in double precision, without a gradient, up to step t. */
static void oracle_rest(struct oracle_weight *w, const struct row *row, uint64_t t)
{
    for (int i = 0; i < LANES; i++)
        w[i] =
            (struct oracle_weight){row->p[i], row->m[i], (double)row->root_v[i] * row->root_v[i]};
    for (uint64_t s = row->step; s < t;) {
        struct oracle_step step = oracle_step(lr, ++s);
        for (int i = 0; i < LANES; i++)
            oracle_adam(&w[i], 0, &step);
    }
}

static double relative(double value, double wanted)
{
    return fabs(value - wanted) / (fabs(wanted) + 1e-30);
}

/* ---- steps ---- */

/* 600 steps with gradients of one order of magnitude. Returns the deviation of the weights relative
 * to the distance that they moved. */
static double direct_deviation(double low, double high)
{
    struct row row = {.step = 0};
    struct oracle_weight w[LANES] = {{0, 0, 0}};
    uint64_t state = 7;
    _Alignas(64) float gradient[LANES];
    double worst = 0, way[LANES] = {0};
    for (uint64_t t = 1; t <= 600; t++) {
        struct oracle_step step = oracle_step(lr, t);
        draw_gradient(gradient, low, high, &state);
        take_step(&row, gradient, t);
        for (int i = 0; i < LANES; i++) {
            double before = w[i].p;
            oracle_adam(&w[i], gradient[i], &step);
            way[i] += fabs(w[i].p - before);
            worst = largest(worst, fabs(row.p[i] - w[i].p) / way[i]);
        }
    }
    return worst;
}

static void test_direct(void)
{
    double typical = direct_deviation(1e-4, 1e-2), tiny = direct_deviation(1e-9, 1e-6);
    tap_check(typical < 1e-6, "600 steps, usual gradients: off by %.1e", typical);
    tap_check(tiny < 1e-6, "600 steps, gradients near epsilon: off by %.1e", tiny);
}

/* The coefficients of a step, far beyond the range of every table. */
static void test_step_numbers(void)
{
    static const uint64_t steps[] = {1,     2,     3,     100,     1023,    1024,   1025,
                                     32768, 40000, 99999, 1048575, 1048576, 5000000};
    double worst = 0;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct adam_step step = adam_step_at(&adam, steps[i]);
        struct oracle_step wanted = oracle_step(lr, steps[i]);
        double root = sqrt(wanted.correction2);
        worst = largest(worst, relative(step.scale, lr * root / wanted.correction1));
        worst = largest(worst, relative(step.epsilon, 1e-8 * root));
    }
    tap_check(worst < 1e-7, "bias corrections, to step 5,000,000: off by %.1e", worst);
}

/* ---- rests ---- */

/* A row at step s whose weight i has had gradients of magnitude root_mean_square(i): from 1e-2, a
 * usual one, down to 3e-10, far below ε. */
static double root_mean_square(int i)
{
    return pow(10, -2 - i / 2.0);
}

static struct row row_of_sizes(uint64_t s)
{
    struct row row = {.step = 0};
    for (int i = 0; i < LANES; i++) {
        double size = root_mean_square(i);
        row.m[i] = (float)(i % 3 ? size / 5 : -size);
        row.root_v[i] = (float)(size * sqrt(1 - pow(0.999, (double)s)));
    }
    row.step = s;
    return row;
}

/* The closed form uses one ε for all steps of the sum, so its error grows with the square of
 * ε / |gradient|. The remaining error is rounding. */
static double rest_tolerance(double size)
{
    double part = 1e-8 / size;
    return fmin(5e-7 + 2.5 * part * part, 0.25);
}

/* Deviations: of a weight with usual gradients, of one with gradients near ε, and of any weight as
 * a fraction of the tolerance. */
struct deviation {
    double usual, near_epsilon, allowed;
};

static void measure_rest(struct deviation *worst, uint64_t s, uint64_t missed)
{
    struct row start = row_of_sizes(s), row = start;
    struct oracle_weight w[LANES];
    oracle_rest(w, &start, s + missed);
    rest(&row, s + missed);
    for (int i = 0; i < LANES; i++) {
        double size = root_mean_square(i), off = fabs(row.p[i] - w[i].p) / fabs(w[i].p);
        if (size > 0.9e-4)
            worst->usual = largest(worst->usual, off);
        else if (size < 1.1e-7)
            worst->near_epsilon = largest(worst->near_epsilon, off);
        worst->allowed = largest(worst->allowed, off / rest_tolerance(size));
    }
}

static void test_rests(void)
{
    for (int r = 0; r < RESTS; r++) {
        struct deviation worst = {0, 0, 0};
        for (int s = 0; s < STARTS; s++)
            measure_rest(&worst, starts[s], rests[r]);
        tap_check(worst.allowed <= 1,
                  "rest of %llu steps: off by %.1e, near epsilon %.1e, %.2f of the tolerance",
                  (unsigned long long)rests[r], worst.usual, worst.near_epsilon, worst.allowed);
    }
}

/* How much moments shrink during a rest, by both functions that compute it. */
static void test_shrinking(void)
{
    double worst = 0;
    for (int r = 0; r < RESTS; r++) {
        struct adam_step step = adam_step_at(&adam, 20000);
        adam_shrink(&step, &adam, rests[r]);
        struct adam_rest rest = adam_rest_after(&adam, 20000, 20000 + rests[r]);
        /* The first moment may fall below the smallest float32; the second never does. */
        double m = pow(0.9, (double)rests[r]) + 1e-37, v = pow(0.999, (double)rests[r]);
        worst = largest(worst, relative(step.shrink_m + 1e-37, m));
        worst = largest(worst, relative(rest.shrink_m + 1e-37, m));
        worst = largest(worst, relative(step.shrink_v, v));
        worst = largest(worst, relative(rest.shrink_v, v));
    }
    tap_check(worst < 2e-7, "moments of resting rows: off by %.1e", worst);
}

/* ---- steps and rests together ---- */

/* As in the trainer: a row that rested is brought up to date when it is next needed. */
static void catch_up(struct row *row, uint64_t t)
{
    if (row->step > 0 && row->step < t)
        rest(row, t);
}

/* 3,000 steps with a gradient every `interval` steps or, where interval is 0, after rests of random
 * lengths. Returns the largest deviation of a weight relative to the distance that it moved. */
static double deferred_deviation(unsigned interval)
{
    struct row row = {.step = 0};
    struct oracle_weight w[LANES] = {{0, 0, 0}};
    uint64_t state = interval, next = 1;
    _Alignas(64) float gradient[LANES] = {0};
    double worst = 0, way[LANES] = {0};
    for (uint64_t t = 1; t <= 3000; t++) {
        struct oracle_step step = oracle_step(lr, t);
        bool now = t == next;
        if (now) {
            next += interval ? interval : 1 + draw_below(&state, 1 << draw_below(&state, 8));
            draw_gradient(gradient, 1e-4, 1e-2, &state);
            catch_up(&row, t - 1);
            take_step(&row, gradient, t);
        }
        for (int i = 0; i < LANES; i++) {
            double before = w[i].p;
            oracle_adam(&w[i], now ? gradient[i] : 0, &step);
            way[i] += fabs(w[i].p - before);
            if (now)
                worst = largest(worst, fabs(row.p[i] - w[i].p) / way[i]);
        }
    }
    catch_up(&row, 3000);
    for (int i = 0; i < LANES; i++)
        worst = largest(worst, fabs(row.p[i] - w[i].p) / way[i]);
    return worst;
}

static void test_deferred(void)
{
    static const unsigned interval[] = {0, 2, 3, 4, 5, 6, 7, 11, 51, 101, 1001};
    for (size_t i = 0; i < sizeof interval / sizeof *interval; i++) {
        double deviation = deferred_deviation(interval[i]);
        tap_check(deviation < 2e-5, "3,000 steps, gradient interval %u (0: random): off by %.1e",
                  interval[i], deviation);
    }
}

int main(void)
{
    struct error err;
    require(adam_init(&adam, lr, &err) == 0, &err);
    kernels = kernels_best();
    test_direct();
    test_step_numbers();
    test_rests();
    test_shrinking();
    test_deferred();
    adam_release(&adam);
    return tap_end();
}

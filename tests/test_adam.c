/* SPDX-License-Identifier: MIT */
/* Dense Adam: steps, replayed rests and rests in closed form, against double precision. */
#include <string.h>

#include "adam.h"
#include "kernels.h"
#include "oracle.h"
#include "tap.h"

static const double lr = 0.002;

/* Steps in which a rest starts, on both sides of what adam.h tabulates. */
static const uint64_t starts[] = {1, 2, 3, 5, 10, 20, 100, 1000, 5000, 32767, 32768, 40000};
static const uint64_t rests[] = {1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 50, 100, 1000, 10000};
enum { STARTS = sizeof starts / sizeof *starts, RESTS = sizeof rests / sizeof *rests };

/* One row of LANES weights, as it stands in a table. */
struct row {
    _Alignas(64) float p[LANES];
    float m[LANES], v[LANES];
};

static struct adam adam;
static const struct kernels *kernels;

/* ---- gradients and rows ---- */

/* A gradient per weight, each of a size of its own between low and high. */
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
    kernels->adam_step(row->p, LANES, gradient, &step);
}

static void replay(struct row *row, uint64_t s, uint64_t t)
{
    while (s < t) {
        struct adam_step step = adam_step_at(&adam, ++s);
        kernels->adam_idle(row->p, LANES, &step);
    }
}

static void rest(struct row *row, uint64_t s, uint64_t t)
{
    struct adam_rest rest = adam_rest_after(&adam, s, t);
    kernels->adam_rest(row->p, LANES, &rest);
}

/* A row as it is behind step s, up to 50 steps with gradients before; its weights are zero, so that
 * what is added to them later shows to the last bit. */
static struct row row_after(uint64_t s, double low, double high)
{
    struct row row = {{0}, {0}, {0}};
    uint64_t state = s;
    _Alignas(64) float gradient[LANES];
    for (uint64_t t = s > 50 ? s - 49 : 1; t <= s; t++) {
        draw_gradient(gradient, low, high, &state);
        take_step(&row, gradient, t);
    }
    memset(row.p, 0, sizeof row.p);
    return row;
}

/* The same, continued in double precision with no gradient to step t. */
static void oracle_rest(struct oracle_weight *w, const struct row *row, uint64_t s, uint64_t t)
{
    for (int i = 0; i < LANES; i++)
        w[i] = (struct oracle_weight){row->p[i], row->m[i], row->v[i]};
    while (s < t) {
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

/* 600 steps with gradients of one order of magnitude; the weights' deviation in parts of the way
 * that they went. */
static double direct_deviation(double low, double high)
{
    struct row row = {{0}, {0}, {0}};
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

/* The numbers of a step themselves, far beyond every table. */
static void test_step_numbers(void)
{
    static const uint64_t steps[] = {1,     2,     3,     100,     1023,    1024,   1025,
                                     32768, 40000, 99999, 1048575, 1048576, 5000000};
    double worst = 0;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct adam_step step = adam_step_at(&adam, steps[i]);
        struct oracle_step wanted = oracle_step(lr, steps[i]);
        worst = largest(worst, relative(step.step_size, lr / wanted.correction1));
        worst = largest(worst, relative(step.root_correction, 1 / sqrt(wanted.correction2)));
    }
    tap_check(worst < 1e-7, "bias corrections, to step 5,000,000: off by %.1e", worst);
}

/* ---- rests, replayed ---- */

/* Adam in float32 as it is written down, one operation at a time. */
static void plain_idle(struct row *row, const struct adam_step *step)
{
    for (int i = 0; i < LANES; i++) {
        row->m[i] = row->m[i] * step->beta1;
        row->v[i] = row->v[i] * step->beta2;
        float root = sqrtf(row->v[i]);
        float scaled = root * step->root_correction;
        float divisor = scaled + step->epsilon;
        float dividend = step->step_size * row->m[i];
        float move = dividend / divisor;
        row->p[i] = row->p[i] - move;
    }
}

static bool replay_has_same_bits(uint64_t s, uint64_t missed, double low, double high)
{
    static const _Alignas(64) float no_gradient[LANES];
    struct row replayed = row_after(s, low, high), direct = replayed, plain = replayed;
    replay(&replayed, s, s + missed);
    for (uint64_t t = s + 1; t <= s + missed; t++) {
        struct adam_step step = adam_step_at(&adam, t);
        take_step(&direct, no_gradient, t);
        plain_idle(&plain, &step);
    }
    return memcmp(&replayed, &direct, sizeof direct) == 0 &&
           memcmp(&replayed, &plain, sizeof plain) == 0 && replayed.p[0] != 0;
}

static void test_replay(void)
{
    for (int r = 0; r < RESTS; r++) {
        bool same = true;
        for (int s = 0; s < STARTS; s++)
            same = replay_has_same_bits(starts[s], rests[r], 1e-4, 1e-2) &&
                   replay_has_same_bits(starts[s], rests[r], 1e-9, 1e-6) && same;
        tap_check(same, "%llu steps replayed: the bits of the direct loop",
                  (unsigned long long)rests[r]);
    }
}

/* ---- rests, in closed form ---- */

/* A row whose weight i has had gradients of the size root_mean_square(i), from 1e-2, usual, to
 * 3e-10, far below ε, to step s. */
static double root_mean_square(int i)
{
    return pow(10, -2 - i / 2.0);
}

static struct row row_of_sizes(uint64_t s)
{
    struct row row = {{0}, {0}, {0}};
    for (int i = 0; i < LANES; i++) {
        double size = root_mean_square(i);
        row.m[i] = (float)(i % 3 ? size / 5 : -size);
        row.v[i] = (float)(size * size * (1 - pow(0.999, (double)s)));
    }
    return row;
}

/* One ε stands in the sum for those of all steps, so that what the form is off by grows with the
 * square of how near the gradients are to ε. The rest is rounding. */
static double closed_form_tolerance(double size)
{
    double part = 1e-8 / size;
    return fmin(5e-7 + 2.5 * part * part, 0.25);
}

/* Off by how much: a weight of usual gradients, one of gradients near ε, any in parts of what is
 * allowed; and the moments. */
struct deviation {
    double usual, near_epsilon, allowed, moments;
};

static void measure_rest(struct deviation *worst, uint64_t s, uint64_t missed)
{
    struct row start = row_of_sizes(s), row = start;
    struct oracle_weight w[LANES];
    oracle_rest(w, &start, s, s + missed);
    rest(&row, s, s + missed);
    for (int i = 0; i < LANES; i++) {
        double size = root_mean_square(i), off = fabs(row.p[i] - w[i].p) / fabs(w[i].p);
        if (size > 0.9e-4)
            worst->usual = largest(worst->usual, off);
        else if (size < 1.1e-7)
            worst->near_epsilon = largest(worst->near_epsilon, off);
        worst->allowed = largest(worst->allowed, off / closed_form_tolerance(size));
        /* The first one may fall below the smallest float32; the second never does. */
        worst->moments = largest(worst->moments, fabs(row.m[i] - w[i].m) / (fabs(w[i].m) + 1e-37));
        worst->moments = largest(worst->moments, fabs(row.v[i] - w[i].v) / w[i].v);
    }
}

static void test_closed_form(void)
{
    for (int r = 0; r < RESTS; r++) {
        struct deviation worst = {0, 0, 0, 0};
        for (int s = 0; s < STARTS; s++)
            measure_rest(&worst, starts[s], rests[r]);
        tap_check(worst.allowed <= 1 && worst.moments < 2e-7,
                  "rest of %llu in closed form: off by %.1e, near epsilon %.1e",
                  (unsigned long long)rests[r], worst.usual, worst.near_epsilon);
    }
}

/* ---- steps and rests together ---- */

/* As the trainer does it: a row that rested is brought up to date where it is needed again. */
static void catch_up(struct row *row, uint64_t s, uint64_t t)
{
    if (s > 0 && t - s > ADAM_REPLAY)
        rest(row, s, t);
    else if (s > 0)
        replay(row, s, t);
}

/* Gradients `apart` steps apart, or where that is 0 after rests of any length, for 3,000 steps.
 * Returns the largest deviation of a weight, in parts of the way that it went. */
static double deferred_deviation(unsigned apart)
{
    struct row row = {{0}, {0}, {0}};
    struct oracle_weight w[LANES] = {{0, 0, 0}};
    uint64_t state = apart, latest = 0, next = 1;
    _Alignas(64) float gradient[LANES] = {0};
    double worst = 0, way[LANES] = {0};
    for (uint64_t t = 1; t <= 3000; t++) {
        struct oracle_step step = oracle_step(lr, t);
        bool now = t == next;
        if (now) {
            next += apart ? apart : 1 + draw_below(&state, 1 << draw_below(&state, 8));
            draw_gradient(gradient, 1e-4, 1e-2, &state);
            catch_up(&row, latest, t - 1);
            take_step(&row, gradient, t);
            latest = t;
        }
        for (int i = 0; i < LANES; i++) {
            double before = w[i].p;
            oracle_adam(&w[i], now ? gradient[i] : 0, &step);
            way[i] += fabs(w[i].p - before);
            if (now)
                worst = largest(worst, fabs(row.p[i] - w[i].p) / way[i]);
        }
    }
    catch_up(&row, latest, 3000);
    for (int i = 0; i < LANES; i++)
        worst = largest(worst, fabs(row.p[i] - w[i].p) / way[i]);
    return worst;
}

static void test_deferred(void)
{
    static const unsigned apart[] = {0, 2, 3, 4, 5, 6, 7, 11, 51, 101, 1001};
    for (size_t i = 0; i < sizeof apart / sizeof *apart; i++) {
        double deviation = deferred_deviation(apart[i]);
        tap_check(deviation < 2e-5, "3,000 steps, gradients %u apart (0: any): off by %.1e",
                  apart[i], deviation);
    }
}

int main(void)
{
    struct error err;
    require(adam_init(&adam, lr, &err) == 0, &err);
    kernels = kernels_best();
    test_direct();
    test_step_numbers();
    test_replay();
    test_closed_form();
    test_deferred();
    adam_release(&adam);
    return tap_end();
}

/* SPDX-License-Identifier: MIT */
/* Maps of words: exp and log, principal components, probabilities and the gradient descent of
 * t-SNE, compared with direct computations in double precision. */
#include <float.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/elementary.h"
#include "search/components.h"
#include "search/tsne.h"
#include "tap.h"

static struct error err;
static uint64_t state = 88172645463325252ull;

/* A number in [0, 1), of Marsaglia's xorshift. */
static double draw(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (double)(state >> 11) * 0x1p-53;
}

static void test_elementary(void)
{
    double worst_exp = 0, worst_log = 0;
    for (int i = 0; i < 100000; i++) {
        double x = -700 * draw() * draw();
        worst_exp = fmax(worst_exp, fabs(exp_of_negative(x) / exp(x) - 1));
        double y = exp(1400 * draw() - 700);
        worst_log = fmax(worst_log, fabs(log_of_positive(y) - log(y)) / fmax(fabs(log(y)), 1e-3));
    }
    tap_check(worst_exp < 1e-13, "exp: largest relative error %g", worst_exp);
    tap_check(worst_log < 1e-13, "log: largest relative error %g", worst_log);
    tap_check(exp_of_negative(0) == 1 && exp_of_negative(-701) == 0 && exp_of_negative(-1e300) == 0,
              "exp at its ends");
    tap_check(log_of_positive(1) == 0 && fabs(log_of_positive(2) - log(2)) < 1e-16,
              "log of 1 and 2");
    double near = 0;
    for (int i = 1; i < 1000; i++)
        near = fmax(near, fabs(log_of_positive(1 + i * 1e-9) / log1p(i * 1e-9) - 1));
    tap_check(near < 1e-6, "log near 1: largest relative error %g", near);
}

/* Random rows around `centres` centres, in turn. */
static struct unit_rows sample(uint32_t n, uint32_t dim, uint32_t centres, double noise)
{
    float *rows = malloc(sizeof *rows * n * dim);
    uint32_t *id = malloc(sizeof *id * n);
    for (uint32_t i = 0; i < n; i++) {
        id[i] = i;
        for (uint32_t j = 0; j < dim; j++)
            rows[i * dim + j] = i < centres
                                    ? (float)(draw() - 0.5)
                                    : rows[i % centres * dim + j] + (float)(noise * (draw() - 0.5));
    }
    struct unit_rows unit;
    tap_check(unit_rows_init(&unit, rows, dim, id, n, &err) == 0, "%u rows of dimension %u", n,
              dim);
    free(rows);
    free(id);
    return unit;
}

static double squared_distance(const struct unit_rows *unit, uint32_t i, uint32_t j)
{
    double sum = 0;
    for (size_t k = 0; k < unit->stride; k++) {
        double d = (double)unit->row[i * unit->stride + k] - unit->row[j * unit->stride + k];
        sum += d * d;
    }
    return sum;
}

static void test_unit_rows(void)
{
    float rows[] = {3, 4, 0, 0, -1e-30f, 0};
    uint32_t id[] = {2, 1, 0};
    struct unit_rows unit;
    tap_check(unit_rows_init(&unit, rows, 2, id, 3, &err) == 0 && unit.stride == UNIT_LANES,
              "rows are padded");
    const float *a = unit.row, *b = a + unit.stride, *c = b + unit.stride;
    tap_check(a[0] == -1 && a[1] == 0 && b[0] == 0 && c[0] == 0.6f && c[1] == 0.8f && c[2] == 0,
              "unit length; a zero vector stays zero");
    unit_rows_release(&unit);
}

/* ---- principal components ---- */

static void test_components(void)
{
    /* Directions of known variance, in unit vectors: ± axes, 5, 3 and 1 of each. */
    enum { DIM = 3, N = 18 };
    float rows[N * DIM] = {0}, map[2 * N];
    uint32_t id[N], at = 0, number[DIM] = {3, 5, 1};
    double share[2];
    for (uint32_t axis = 0; axis < DIM; axis++)
        for (uint32_t i = 0; i < 2 * number[axis]; i++, at++) {
            id[at] = at;
            rows[at * DIM + axis] = i % 2 ? -7 : 7;
        }
    struct unit_rows unit;
    tap_check(unit_rows_init(&unit, rows, DIM, id, N, &err) == 0 &&
                  components_project(&unit, map, share, &err) == 0,
              "known components");
    tap_check(fabs(share[0] - 10 / 18.0) < 1e-9 && fabs(share[1] - 6 / 18.0) < 1e-9,
              "shares of the variance: %.9f %.9f", share[0], share[1]);
    double wrong = 0;
    for (uint32_t i = 0; i < N; i++) {
        wrong = fmax(wrong, fabs(fabs(map[2 * i]) - (rows[i * DIM + 1] != 0)));
        wrong = fmax(wrong, fabs(fabs(map[2 * i + 1]) - (rows[i * DIM] != 0)));
    }
    tap_check(wrong < 1e-6, "coordinates: largest error %g", wrong);
    unit_rows_release(&unit);

    for (uint32_t i = 0; i < N; i++)
        memcpy(rows + i * DIM, (float[]){1, 2, 3}, DIM * sizeof *rows);
    tap_check(unit_rows_init(&unit, rows, DIM, id, N, &err) == 0 &&
                  components_project(&unit, map, share, &err) == 0,
              "equal vectors");
    double farthest = 0;
    for (uint32_t i = 0; i < 2 * N; i++)
        farthest = fmax(farthest, fabs(map[i]));
    tap_check(farthest == 0 && share[0] == 0 && share[1] == 0, "have no components: %g", farthest);
    unit_rows_release(&unit);
}

/* ---- t-SNE ---- */

/* The entropy of p, as a number of equally likely neighbours. */
static double perplexity_of(const float *p, uint32_t n)
{
    double entropy = 0;
    for (uint32_t j = 0; j < n; j++)
        if (p[j] > 0)
            entropy -= p[j] * log(p[j]);
    return exp(entropy);
}

static void test_conditional(void)
{
    enum { N = 400 };
    float distance[N], p[N];
    struct unit_rows unit = sample(N, 20, 10, 0.5);
    double off = 0, shape = 0;
    for (uint32_t i = 0; i < N; i += 37)
        for (double wanted = 2; wanted < 300; wanted *= 3) {
            for (uint32_t j = 0; j < N; j++)
                distance[j] = j == i ? FLT_MAX : (float)squared_distance(&unit, i, j);
            tsne_conditional(distance, N, wanted, p);
            off = fmax(off, fabs(perplexity_of(p, N) / wanted - 1));
            /* log p is linear in the distance, with one slope. */
            uint32_t a = (i + 1) % N, b = (i + 2) % N, c = (i + 12) % N;
            if (p[a] > 1e-30f && p[b] > 1e-30f && p[c] > 1e-30f) {
                double left = log((double)p[a] / p[b]) * ((double)distance[a] - distance[c]);
                double right = log((double)p[a] / p[c]) * ((double)distance[a] - distance[b]);
                shape = fmax(shape, fabs(left - right) / fmax(1, fabs(right)));
            }
            if (p[i] != 0)
                off = 1;
        }
    tap_check(off < 1e-4, "perplexity: largest relative error %g", off);
    tap_check(shape < 1e-4, "p falls exponentially with the squared distance: %g", shape);
    unit_rows_release(&unit);

    for (uint32_t j = 0; j < N; j++)
        distance[j] = j == 3 ? FLT_MAX : 1;
    tsne_conditional(distance, N, 5, p);
    tap_check(fabs(p[0] - 1.0 / (N - 1)) < 1e-7 && p[3] == 0, "equal distances: all alike");
    distance[0] = 0;
    tsne_conditional(distance, N, 1, p);
    tap_check(p[0] > 0.9999f && p[3] == 0, "perplexity 1: only the nearest");
    tsne_conditional(distance, N, N - 1, p);
    tap_check(fabs(p[0] * (N - 1.0) - 1) < 0.1 && p[3] == 0, "perplexity n - 1: all alike");
}

/* C of a map by its definition, in double precision. */
static double divergence_of(const struct unit_rows *unit, double perplexity, const float *map)
{
    uint32_t n = unit->count;
    double *p = calloc((size_t)n * n, sizeof *p), z = 0, sum = 0;
    float *distance = malloc(n * sizeof *distance), *row = malloc(n * sizeof *row);
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t j = 0; j < n; j++)
            distance[j] = i == j ? FLT_MAX : (float)squared_distance(unit, i, j);
        tsne_conditional(distance, n, perplexity, row);
        for (uint32_t j = 0; j < n; j++) {
            p[i * n + j] += row[j] / (2.0 * n);
            p[j * n + i] += row[j] / (2.0 * n);
            double x = (double)map[2 * i] - map[2 * j], y = (double)map[2 * i + 1] - map[2 * j + 1];
            z += i == j ? 0 : 1 / (1 + x * x + y * y);
        }
    }
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = 0; j < n; j++) {
            double x = (double)map[2 * i] - map[2 * j], y = (double)map[2 * i + 1] - map[2 * j + 1];
            if (p[i * n + j] > 0)
                sum += p[i * n + j] * log(p[i * n + j] * z * (1 + x * x + y * y));
        }
    free(p);
    free(distance);
    free(row);
    return sum;
}

static float *placed(const struct unit_rows *unit, const struct tsne_config *config, double *c)
{
    float *map = malloc(sizeof *map * 2 * unit->count);
    double share[2];
    tap_check(components_project(unit, map, share, &err) == 0 &&
                  tsne_place(unit, config, map, c, &err) == 0,
              "%u words, perplexity %g, %u threads", unit->count, config->perplexity,
              config->threads);
    return map;
}

/* Whether each word's nearest word on the map has the same centre. */
static bool separated(const float *map, uint32_t n, uint32_t centres)
{
    for (uint32_t i = 0; i < n; i++) {
        uint32_t nearest = i;
        double least = INFINITY;
        for (uint32_t j = 0; j < n; j++) {
            double x = (double)map[2 * i] - map[2 * j], y = (double)map[2 * i + 1] - map[2 * j + 1];
            if (j != i && x * x + y * y < least) {
                least = x * x + y * y;
                nearest = j;
            }
        }
        if (nearest % centres != i % centres)
            return false;
    }
    return true;
}

static void test_place(void)
{
    enum { N = 803, CENTRES = 13 };
    struct unit_rows unit = sample(N, 33, CENTRES, 0.7);
    struct tsne_config config = {.perplexity = 20, .iterations = 250, .seed = 1, .threads = 1};
    double c, again;
    float *map = placed(&unit, &config, &c);
    double direct = divergence_of(&unit, config.perplexity, map);
    tap_check(fabs(c / direct - 1) < 1e-4, "divergence %.6f, computed directly %.6f", c, direct);
    tap_check(separated(map, N, CENTRES), "clusters are separate");
    for (unsigned threads = 2; threads < 5; threads++) {
        config.threads = threads;
        float *same = placed(&unit, &config, &again);
        tap_check(memcmp(map, same, sizeof *map * 2 * N) == 0 && c == again, "the same bits");
        free(same);
    }
    config.seed = 2;
    float *other = placed(&unit, &config, &again);
    tap_check(memcmp(map, other, sizeof *map * 2 * N) != 0 && again < 1.1 * c,
              "another seed gives another map, as good: %.4f, %.4f", c, again);
    free(other);
    free(map);
    unit_rows_release(&unit);
}

/* Each step goes down the gradient of the divergence: at the end of a long descent, moving any word
 * a little in any direction makes it worse, up to the rounding of float32. */
static void test_minimum(void)
{
    enum { N = 40 };
    struct unit_rows unit = sample(N, 8, 4, 1);
    struct tsne_config config = {.perplexity = 8, .iterations = 5000, .seed = 1, .threads = 1};
    double c;
    float *map = placed(&unit, &config, &c);
    double least = divergence_of(&unit, 8, map), gain = 0;
    for (uint32_t i = 0; i < 2 * N; i++)
        for (int sign = -1; sign <= 1; sign += 2) {
            float before = map[i];
            map[i] += (float)sign * 0.3f;
            gain = fmax(gain, least - divergence_of(&unit, 8, map));
            map[i] = before;
        }
    tap_check(gain < 1e-6, "a minimum: no small move of a word lowers %.4f by more than %g", least,
              gain);
    free(map);
    unit_rows_release(&unit);
}

static void test_hostile(void)
{
    enum { N = 200, DIM = 5 };
    float rows[N * DIM] = {0}; /* zero vectors, then equal ones */
    uint32_t id[N];
    for (uint32_t i = 0; i < N; i++) {
        id[i] = i;
        rows[i * DIM + 1] = i < 10 ? 0 : 1e30f;
    }
    struct unit_rows unit;
    for (uint32_t n = 3; n <= N; n = n * 3 + 1) {
        struct tsne_config config = {
            .perplexity = n > 90 ? 30 : (n - 1) / 2.0, .iterations = 1000, .seed = 1, .threads = 2};
        double c;
        tap_check(unit_rows_init(&unit, rows, DIM, id, n, &err) == 0, "%u vectors, mostly equal",
                  n);
        float *map = placed(&unit, &config, &c);
        bool finite = isfinite(c);
        for (uint32_t i = 0; i < 2 * n; i++)
            finite = finite && isfinite(map[i]);
        tap_check(finite, "all coordinates are finite");
        free(map);
        unit_rows_release(&unit);
    }
}

int main(void)
{
    test_elementary();
    test_unit_rows();
    test_components();
    test_conditional();
    test_place();
    test_minimum();
    test_hostile();
    return tap_end();
}

/* SPDX-License-Identifier: MIT */
/* The inner loops of training: losses and derivatives compared with double precision and finite
 * differences, and the same bits from every instruction set. */
#include <stddef.h>
#include <string.h>

#include "base/memory.h"
#include "oracle.h"
#include "tap.h"
#include "train/kernels.h"
#include "train/row_index.h"

/* Floats from one row of a table to the next, as with Adam. */
#define APART(stride) (3 * (stride))

/* ---- data ---- */

/* Rows as the kernels require them: aligned, `dim` random numbers of magnitude at most `size`,
 * zeros up to a multiple of LANES, and `row_stride` floats from one row to the next. The space
 * between rows is filled with NaN, so that a kernel that reads it is detected. */
static float *random_rows(size_t rows, size_t dim, size_t row_stride, double size, uint64_t *state)
{
    struct error err;
    float *row = memory_new_aligned(rows, row_stride * sizeof *row, &err);
    require(row, &err);
    for (size_t i = 0; i < rows * row_stride; i++) {
        size_t d = i % row_stride;
        row[i] = d < dim                   ? (float)draw_between(state, -size, size)
                 : d < round_to_lanes(dim) ? 0.0f
                                           : NAN;
    }
    return row;
}

static uint32_t *random_ids(uint32_t n, uint32_t below, uint64_t *state)
{
    struct error err;
    uint32_t *id = memory_new(n, sizeof *id, &err);
    require(id, &err);
    for (uint32_t i = 0; i < n; i++)
        id[i] = draw_below(state, below);
    return id;
}

/* Binary cross-entropy with logits, and its derivative with respect to the logit. */
static double cross_entropy(double x, bool label, double *derivative)
{
    double e = exp(-fabs(x));
    *derivative = label ? (x < 0 ? -1 : -e) / (1 + e) : (x < 0 ? e : 1) / (1 + e);
    return fmax(label ? -x : x, 0) + log1p(e);
}

/* ---- one example with given logits ---- */

enum { LOGITS_MAX = 128 };

/* In one dimension, with a centre of 1, a row is its logit. */
static float run_logits(const struct kernels *k, const float *logit, uint32_t words,
                        uint32_t contexts, float *coefficient)
{
    _Alignas(64) static float table[LOGITS_MAX * APART(LANES)];
    _Alignas(64) float centre[LANES] = {1}, gradient[LANES];
    uint32_t word[LOGITS_MAX], place[LOGITS_MAX];
    for (uint32_t i = 0; i < words; i++) {
        place[i] = i;
        word[i] = words - 1 - i;
        table[word[i] * APART(LANES)] = logit[i];
    }
    struct kernels_example example = {.centre = centre,
                                      .table = table,
                                      .stride = LANES,
                                      .row_stride = APART(LANES),
                                      .word = word,
                                      .words = words,
                                      .contexts = contexts,
                                      .scale = 1.0f / (float)words,
                                      .coefficient_index = place,
                                      .coefficient = coefficient,
                                      .gradient = gradient};
    return k->example(&example);
}

static void test_worked_losses(const struct kernels *k)
{
    /* Contexts come first here; in the specification the labels of the second example are (0,
     * 1). */
    float coefficient[4], first[] = {1.1f, -2.2f, 3.3f, -4.4f}, second[] = {-2.2f, 1.1f};
    float loss = run_logits(k, first, 4, 1, coefficient);
    tap_check(fabs(loss - 0.9352) < 5e-5, "%s: worked loss 0.9352, here %.6f", k->name, loss);
    loss = run_logits(k, second, 2, 1, coefficient);
    tap_check(fabs(loss - 1.8462) < 5e-5, "%s: worked loss 1.8462, here %.6f", k->name, loss);
}

/* The largest deviations so far, as fractions of the tolerance. */
struct worst {
    double loss, coefficient;
};

/* Compares all words of an example with double precision. Neighbouring float32 numbers near 100 are
 * 8e-6 apart, so the error of a loss is allowed to grow in proportion to the logit. σ must be exact
 * to a relative 4e-7 if the label is 0, and to the precision of 1 − σ in float32 if it is 1. */
static void compare(const struct kernels *k, const float *logit, uint32_t words, uint32_t contexts,
                    struct worst *worst)
{
    float coefficient[LOGITS_MAX];
    double wanted = 0, allowed = 0, derivative;
    double loss = run_logits(k, logit, words, contexts, coefficient);
    for (uint32_t i = 0; i < words; i++) {
        bool label = i < contexts;
        double one = cross_entropy(logit[i], label, &derivative);
        wanted += one / words;
        allowed += (3e-7 * one + 1.2e-7 * fabs(logit[i]) + 1e-37) / words;
        double near = fabs(coefficient[i] - derivative / words) * words;
        double far = label ? 2e-7 : 4e-7 * fabs(derivative) + 2e-38;
        worst->coefficient = largest(worst->coefficient, near / far);
    }
    worst->loss = largest(worst->loss, fabs(loss - wanted) / allowed);
}

static void test_logits(const struct kernels *k)
{
    static const float marked[] = {
        0.0f,   -0.0f,   1e-40f, -1e-40f, 1e-30f,   -1e-30f,  1e-8f,   -1e-8f,  1e-4f, -1e-4f,
        86.99f, -86.99f, 87.0f,  -87.0f,  87.3366f, -87.337f, 87.4f,   -87.4f,  88.0f, -88.0f,
        88.73f, -88.73f, 100.0f, -100.0f, 16.636f,  -16.64f,  0.3466f, -0.3466f};
    struct worst alone = {0, 0}, mixed = {0, 0};
    for (size_t i = 0; i < sizeof marked / sizeof *marked; i++)
        for (uint32_t label = 0; label < 2; label++)
            compare(k, &marked[i], 1, label, &alone);
    for (int i = -20000; i <= 20000; i++) {
        float logit = (float)i / 200;
        for (uint32_t label = 0; label < 2; label++)
            compare(k, &logit, 1, label, &alone);
    }
    tap_check(alone.loss <= 1, "%s: loss of each logit, %.2f of the tolerance", k->name,
              alone.loss);
    tap_check(alone.coefficient <= 1, "%s: derivative of each logit, %.2f of the tolerance",
              k->name, alone.coefficient);
    uint64_t state = 1;
    for (uint32_t words = 1; words <= LOGITS_MAX; words++) {
        float logit[LOGITS_MAX];
        for (uint32_t i = 0; i < words; i++)
            logit[i] = (float)draw_between(&state, -9, 9);
        compare(k, logit, words, draw_below(&state, words + 1), &mixed);
    }
    tap_check(mixed.loss <= 1, "%s: loss of 1 to %d words, %.2f of the tolerance", k->name,
              LOGITS_MAX, mixed.loss);
    tap_check(mixed.coefficient <= 1, "%s: derivatives of 1 to %d words, %.2f of the tolerance",
              k->name, LOGITS_MAX, mixed.coefficient);
}

/* A weight that is not finite must make the loss not finite, whatever its position. */
static void test_not_finite(const struct kernels *k)
{
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    bool shown = true;
    for (uint32_t at = 0; at < 20; at++)
        for (int i = 0; i < 3; i++) {
            float logit[20] = {0}, coefficient[20];
            logit[at] = bad[i];
            bool wrong_label = isnan(bad[i]) || (bad[i] > 0) == (at >= 10);
            float loss = run_logits(k, logit, 20, 10, coefficient);
            shown = shown && (!wrong_label || !isfinite(loss));
        }
    tap_check(shown, "%s: a weight that is not finite makes the loss not finite", k->name);
}

/* ---- gradients of a minibatch against finite differences ---- */

enum { FD_WORDS = 6, FD_EXAMPLES = 5, FD_ENTRIES = 9, FD_DIM = 19, FD_STRIDE = 32 };

/* Examples of 9 words out of 6: words repeat within an example, as context and noise words. */
struct fd {
    double centre[FD_EXAMPLES][FD_DIM], table[FD_WORDS][FD_DIM];
    uint32_t word[FD_EXAMPLES * FD_ENTRIES], contexts[FD_EXAMPLES];
};

static double fd_loss(const struct fd *fd)
{
    double loss = 0, unused;
    for (int i = 0; i < FD_EXAMPLES * FD_ENTRIES; i++) {
        uint32_t example = i / FD_ENTRIES;
        double x = 0;
        for (int d = 0; d < FD_DIM; d++)
            x += fd->centre[example][d] * fd->table[fd->word[i]][d];
        loss += cross_entropy(x, i % FD_ENTRIES < (int)fd->contexts[example], &unused) / FD_ENTRIES;
    }
    return loss;
}

static double fd_derivative(const struct fd *fd, double *weight)
{
    const double h = 1e-5;
    double kept = *weight;
    *weight = kept + h;
    double above = fd_loss(fd);
    *weight = kept - h;
    double below = fd_loss(fd);
    *weight = kept;
    return (above - below) / (2 * h);
}

/* The largest deviation of a gradient (FD_STRIDE) from finite differences; NAN also if the padding
 * beyond dim is not zero. */
static double fd_compare(const struct fd *fd, double *row, const float *gradient)
{
    double worst = 0;
    for (int d = 0; d < FD_DIM; d++)
        worst = largest(worst, fabs(gradient[d] - fd_derivative(fd, &row[d])));
    for (int d = FD_DIM; d < FD_STRIDE; d++)
        if (gradient[d] != 0)
            return NAN;
    return worst;
}

static void fd_init(struct fd *fd, float *centre, float *table)
{
    uint64_t state = 2;
    for (int i = 0; i < FD_EXAMPLES * FD_DIM; i++)
        fd->centre[i / FD_DIM][i % FD_DIM] = centre[i / FD_DIM * FD_STRIDE + i % FD_DIM];
    for (int i = 0; i < FD_WORDS * FD_DIM; i++)
        fd->table[i / FD_DIM][i % FD_DIM] = table[i / FD_DIM * APART(FD_STRIDE) + i % FD_DIM];
    for (int i = 0; i < FD_EXAMPLES; i++)
        fd->contexts[i] = 1 + draw_below(&state, 4);
    for (int i = 0; i < FD_EXAMPLES * FD_ENTRIES; i++)
        fd->word[i] = draw_below(&state, FD_WORDS);
}

/* The sum that a gradient describes: an SGD step of rate −1 from zero. */
static void add_up(const struct kernels *k, const struct kernels_gradient *gradient, float *sum)
{
    memset(sum, 0, gradient->stride * sizeof *sum);
    k->sgd_step(sum, gradient, -1);
}

/* Indexes all words by row; the owner of a word is its example. */
static void fd_index(const struct fd *fd, struct row_index *index)
{
    uint32_t owner[FD_EXAMPLES * FD_ENTRIES];
    struct row_marks marks;
    struct error err;
    for (uint32_t i = 0; i < FD_EXAMPLES * FD_ENTRIES; i++)
        owner[i] = i / FD_ENTRIES;
    require(row_marks_init(&marks, FD_WORDS, &err) == 0 &&
                row_index_build(index, fd->word, FD_EXAMPLES * FD_ENTRIES, owner, &marks, &err) ==
                    0,
            &err);
    row_marks_release(&marks);
}

/* The largest deviation of the table's gradient, which is summed for each row over its entries. */
static double fd_compare_table(const struct kernels *k, struct fd *fd, const float *centre,
                               const struct row_index *index, const float *coefficient)
{
    _Alignas(64) float sum[FD_STRIDE];
    double worst = 0;
    for (uint32_t i = 0; i < index->rows; i++) {
        uint32_t first = index->first[i];
        struct kernels_gradient gradient = {centre, FD_STRIDE, index->first[i + 1] - first,
                                            index->owner + first, coefficient + first};
        add_up(k, &gradient, sum);
        worst = largest(worst, fd_compare(fd, fd->table[index->row[i]], sum));
    }
    return worst;
}

static void test_gradients(const struct kernels *k)
{
    uint64_t state = 3;
    float *centre = random_rows(FD_EXAMPLES, FD_DIM, FD_STRIDE, 0.8, &state);
    float *table = random_rows(FD_WORDS, FD_DIM, APART(FD_STRIDE), 0.8, &state);
    _Alignas(64) float gradient[FD_EXAMPLES * FD_STRIDE], sum[FD_STRIDE];
    float coefficient[FD_EXAMPLES * FD_ENTRIES];
    const uint32_t both[] = {1, 3};
    double of_centre = 0, of_sum = 0;
    struct row_index index = {0};
    struct fd fd;
    fd_init(&fd, centre, table);
    fd_index(&fd, &index);
    for (uint32_t i = 0; i < FD_EXAMPLES; i++) {
        float *mine = gradient + i * FD_STRIDE;
        struct kernels_example example = {.centre = centre + i * FD_STRIDE,
                                          .table = table,
                                          .stride = FD_STRIDE,
                                          .row_stride = APART(FD_STRIDE),
                                          .word = fd.word + i * FD_ENTRIES,
                                          .words = FD_ENTRIES,
                                          .contexts = fd.contexts[i],
                                          .scale = 1.0f / FD_ENTRIES,
                                          .coefficient_index = index.position + i * FD_ENTRIES,
                                          .coefficient = coefficient,
                                          .gradient = mine};
        k->example(&example);
        of_centre = largest(of_centre, fd_compare(&fd, fd.centre[i], mine));
    }
    double of_table = fd_compare_table(k, &fd, centre, &index, coefficient);
    add_up(k, &(struct kernels_gradient){gradient, FD_STRIDE, 2, both, NULL}, sum);
    for (int d = 0; d < FD_STRIDE; d++)
        of_sum = largest(
            of_sum, fabs(sum[d] - (double)gradient[FD_STRIDE + d] - gradient[3 * FD_STRIDE + d]));
    tap_check(of_centre < 3e-7, "%s: gradient of the centres, off by %.1e", k->name, of_centre);
    tap_check(of_table < 3e-7, "%s: gradient of the words, off by %.1e", k->name, of_table);
    tap_check(of_sum < 1e-7, "%s: sum of gradients, off by %.1e", k->name, of_sum);
    row_index_release(&index);
    free(centre);
    free(table);
}

/* ---- the same bits from all kernels ---- */

enum { TABLE_WORDS = 40, CANARY = 16 };

/* The results of one kernel for an example; a canary follows each of the two buffers. */
struct outcome {
    float loss, *coefficient, *gradient;
};

static struct outcome run_example(const struct kernels *k, const float *centre, const float *table,
                                  size_t stride, const uint32_t *word, uint32_t words,
                                  uint32_t following)
{
    struct error err;
    struct outcome out = {0, memory_new_aligned(words + CANARY, sizeof(float), &err),
                          memory_new_aligned(stride + CANARY, sizeof(float), &err)};
    require(out.coefficient && out.gradient, &err);
    memset(out.coefficient, 0x55, (words + CANARY) * sizeof(float));
    memset(out.gradient, 0x55, (stride + CANARY) * sizeof(float));
    uint32_t *place = memory_new(words, sizeof *place, &err);
    require(place, &err);
    for (uint32_t i = 0; i < words; i++)
        place[i] = words - 1 - i;
    struct kernels_example example = {.centre = centre,
                                      .table = table,
                                      .stride = stride,
                                      .row_stride = APART(stride),
                                      .word = word,
                                      .words = words,
                                      .following = following,
                                      .contexts = 1 + words / 7,
                                      .scale = 1.0f / (float)words,
                                      .coefficient_index = place,
                                      .coefficient = out.coefficient,
                                      .gradient = out.gradient};
    out.loss = k->example(&example);
    free(place);
    return out;
}

static void outcome_release(struct outcome *out)
{
    free(out->coefficient);
    free(out->gradient);
}

static bool untouched(const float *canary)
{
    for (size_t i = 0; i < CANARY * sizeof *canary; i++)
        if (((const unsigned char *)canary)[i] != 0x55)
            return false;
    return true;
}

static bool same_example(const struct kernels *const *kernel, size_t kernels, size_t dim,
                         uint32_t words, uint64_t *state)
{
    size_t stride = round_to_lanes(dim);
    double size = 1 / sqrt((double)dim);
    float *centre = random_rows(1, dim, stride, 3 * size, state);
    float *table = random_rows(TABLE_WORDS, dim, APART(stride), 3 * size, state);
    uint32_t following = words % 7, *word = random_ids(words + following, TABLE_WORDS, state);
    struct outcome first = run_example(kernel[0], centre, table, stride, word, words, following);
    bool same = isfinite(first.loss) && untouched(first.coefficient + words) &&
                untouched(first.gradient + stride);
    for (size_t i = 1; i < kernels; i++) {
        struct outcome other =
            run_example(kernel[i], centre, table, stride, word, words, following);
        same = same && memcmp(&first.loss, &other.loss, sizeof first.loss) == 0 &&
               memcmp(first.coefficient, other.coefficient, (words + CANARY) * 4) == 0 &&
               memcmp(first.gradient, other.gradient, (stride + CANARY) * 4) == 0;
        outcome_release(&other);
    }
    outcome_release(&first);
    free(centre);
    free(table);
    free(word);
    return same;
}

static bool same_sum(const struct kernels *const *kernel, size_t kernels, size_t dim, uint32_t n,
                     uint64_t *state)
{
    size_t stride = round_to_lanes(dim);
    float *rows = random_rows(n, dim, stride, 1, state);
    float *coefficient = random_rows(1, n, n, 1, state);
    uint32_t *entry = random_ids(n, n, state);
    float *sum = random_rows(2, stride, stride, 1, state);
    bool same = true;
    for (int weighted = 0; weighted < 2; weighted++)
        for (size_t i = 0; i < kernels; i++) {
            struct kernels_gradient gradient = {rows, stride, n, entry,
                                                weighted ? coefficient : NULL};
            add_up(kernel[i], &gradient, sum + (i > 0) * stride);
            same = same && (i == 0 || memcmp(sum, sum + stride, stride * 4) == 0);
        }
    free(rows);
    free(coefficient);
    free(entry);
    free(sum);
    return same;
}

/* Two steps, a rest and a step on one row. */
static bool same_adam(const struct kernels *const *kernel, size_t kernels, size_t dim,
                      uint64_t *state)
{
    size_t stride = round_to_lanes(dim), n = APART(stride), bytes = n * sizeof(float);
    struct adam adam;
    struct error err;
    require(adam_init(&adam, 0.002, &err) == 0, &err);
    float *start = random_rows(1, dim, n, 0.1, state), *row = random_rows(2, dim, n, 0.1, state);
    float *gradient = random_rows(3, dim, stride, 1e-3, state);
    memset(start + stride, 0, bytes - stride * sizeof *start); /* no moments yet */
    bool same = true;
    for (size_t i = 0; i < kernels; i++) {
        float *r = row + (i > 0) * n;
        memcpy(r, start, bytes);
        struct kernels_gradient one = {gradient, stride, 1, &(uint32_t){0}, NULL};
        struct kernels_gradient another = {gradient, stride, 1, &(uint32_t){1}, NULL};
        struct kernels_gradient both = {gradient, stride, 2, (const uint32_t[]){2, 0}, NULL};
        struct adam_step step = adam_step_at(&adam, 1);
        kernel[i]->adam_step(r, &one, &step);
        step = adam_step_at(&adam, 2);
        kernel[i]->adam_step(r, &another, &step);
        struct adam_rest rest = adam_rest_after(&adam, 2, 40);
        kernel[i]->adam_rest(r, stride, &rest);
        step = adam_step_at(&adam, 41);
        adam_shrink(&step, &adam, 39);
        kernel[i]->adam_step(r, &both, &step);
        same = same && (i == 0 || memcmp(row, r, bytes) == 0) && r[0] != start[0];
        for (size_t d = dim; d < stride; d++)
            same = same && r[d] == 0;
    }
    adam_release(&adam);
    free(row);
    free(start);
    free(gradient);
    return same;
}

/* Converting a row to numbers and back preserves the roots of second moments of all magnitudes that
 * they can have or, below the root of the smallest normal number, their squares. */
static void test_numbers(void)
{
    enum { DIM = 5 };
    uint64_t state = 9;
    bool weights = true, roots = true, squares = true;
    for (int i = 0; i < 200000; i++) {
        float row[3 * LANES] = {0}, number[3 * DIM], back[3 * LANES] = {0};
        for (int d = 0; d < DIM; d++) {
            row[d] = (float)draw_between(&state, -1, 1);
            row[LANES + d] = (float)draw_between(&state, -1, 1);
            row[2 * LANES + d] = (float)pow(2, draw_between(&state, -100, 63));
        }
        row_to_values(row, LANES, DIM, 3, number);
        row_from_values(back, LANES, DIM, 3, number);
        weights = weights && memcmp(row, back, 2 * sizeof *row * LANES) == 0;
        for (int d = 0; d < LANES; d++) {
            float was = row[2 * LANES + d], is = back[2 * LANES + d];
            roots = roots && (was == is || was < 0x1p-63f);
            squares = squares && was * was == is * is;
        }
    }
    tap_check(weights, "row to numbers and back: same weights and first moments");
    tap_check(roots && squares,
              "row to numbers and back: same roots and squares of second moments");
}

/* A step of gradient descent, compared element by element. */
static bool right_sgd(const struct kernels *k, size_t dim, uint64_t *state)
{
    size_t stride = round_to_lanes(dim);
    float *row = random_rows(2, dim, stride, 1, state), *old = row + stride;
    float *gradient = random_rows(1, dim, stride, 1, state);
    memcpy(old, row, stride * sizeof *row);
    struct kernels_gradient one = {gradient, stride, 1, &(uint32_t){0}, NULL};
    k->sgd_step(row, &one, 0.0125f);
    bool right = true;
    for (size_t i = 0; i < stride; i++)
        right = right && row[i] == old[i] - 0.0125f * gradient[i];
    free(row);
    free(gradient);
    return right;
}

static void test_same_bits(const struct kernels *const *kernel, size_t kernels)
{
    static const size_t dims[] = {1, 3, 15, 16, 17, 31, 33, 50, 64, 72, 90, 100, 128, 300};
    static const uint32_t words[] = {1, 2, 15, 16, 17, 60, 100};
    uint64_t state = 4;
    for (size_t d = 0; d < sizeof dims / sizeof *dims; d++) {
        bool example = true, sum = true;
        for (size_t w = 0; w < sizeof words / sizeof *words; w++) {
            example = same_example(kernel, kernels, dims[d], words[w], &state) && example;
            sum = same_sum(kernel, kernels, dims[d], words[w], &state) && sum;
        }
        tap_check(example, "dim %zu: all kernels give the same bits, examples", dims[d]);
        tap_check(sum, "dim %zu: all kernels give the same bits, sums", dims[d]);
        tap_check(same_adam(kernel, kernels, dims[d], &state),
                  "dim %zu: all kernels give the same bits, Adam", dims[d]);
        for (size_t i = 0; i < kernels; i++)
            tap_check(right_sgd(kernel[i], dims[d], &state), "dim %zu, %s: gradient descent",
                      dims[d], kernel[i]->name);
    }
}

int main(void)
{
    size_t kernels;
    const struct kernels *const *kernel = kernels_all(&kernels);
    for (size_t i = 0; i < kernels; i++) {
        test_worked_losses(kernel[i]);
        test_logits(kernel[i]);
        test_not_finite(kernel[i]);
        test_gradients(kernel[i]);
    }
    test_numbers();
    test_same_bits(kernel, kernels);
    tap_check(kernels_best() == kernel[0], "the best kernels come first in the list");
    return tap_end();
}

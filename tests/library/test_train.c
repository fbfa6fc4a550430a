/* SPDX-License-Identifier: MIT */
/* Training on the CPU compared with the specification, implemented densely in double precision; and
 * the initial weights. */
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "minibatch.h"
#include "oracle.h"
#include "tap.h"
#include "train/trainer_cpu.h"

/* ---- initial weights ---- */

static float *new_floats(size_t n)
{
    struct error err;
    float *value = memory_new(n, sizeof *value, &err);
    require(value, &err);
    return value;
}

static void test_xavier_distribution(void)
{
    struct trainer_config config = {.words = 3000, .dim = 100, .seed = 1};
    uint32_t n = config.words * config.dim;
    struct xavier xavier = xavier_init(config.words, config.dim, config.seed);
    float *weight = new_floats(n), *other = new_floats(n);
    xavier_fill(&xavier, WEIGHTS_CENTRE, 0, weight, n);
    double a = sqrt(6.0 / 3100), sum = 0, squares = 0, product = 0, lowest = a, highest = -a;
    xavier_fill(&xavier, WEIGHTS_CONTEXT, 0, other, n);
    for (uint32_t i = 0; i < n; i++) {
        sum += weight[i];
        squares += (double)weight[i] * weight[i];
        product += (double)weight[i] * other[i];
        lowest = fmin(lowest, weight[i]);
        highest = fmax(highest, weight[i]);
    }
    /* Four standard errors of a mean, a variance and a covariance of n uniform numbers. */
    double variance = a * a / 3, root = sqrt((double)n);
    tap_check(lowest >= (float)-a && lowest < -0.9999 * a && highest <= (float)a &&
                  highest > 0.9999 * a,
              "xavier: bounds ±%.6f, from %.6f to %.6f", a, lowest, highest);
    tap_check(fabs(sum / n) < 4 * sqrt(variance) / root, "xavier: mean %.1e", sum / n);
    tap_check(fabs(squares / n - variance) < 4 * a * a * sqrt(4.0 / 45) / root,
              "xavier: variance %.4e, wanted %.4e", squares / n, variance);
    tap_check(fabs(product / n) < 4 * variance / root, "xavier: U and V are independent");
    free(weight);
    free(other);
}

static void test_xavier_pieces(void)
{
    struct trainer_config config = {.words = 60, .dim = 17, .seed = 5};
    enum { N = 60 * 17 };
    struct xavier xavier = xavier_init(config.words, config.dim, config.seed),
                  reseeded = {6, xavier.bound};
    float whole[N], again[N], pieces[N], other[N];
    bool same = true;
    xavier_fill(&xavier, WEIGHTS_CONTEXT, 0, whole, N);
    xavier_fill(&xavier, WEIGHTS_CONTEXT, 0, again, N);
    tap_check(memcmp(whole, again, sizeof whole) == 0, "xavier: reproducible");
    for (uint32_t size = 1; size <= 40; size++) {
        memset(pieces, 0, sizeof pieces);
        for (uint32_t at = 0; at < N; at += size)
            xavier_fill(&xavier, WEIGHTS_CONTEXT, at, pieces + at, N - at < size ? N - at : size);
        same = same && memcmp(whole, pieces, sizeof whole) == 0;
    }
    tap_check(same, "xavier: the same in pieces of 1 to 40 as in one piece");
    /* Indices above 2^32, as in a large model. */
    xavier_fill(&xavier, WEIGHTS_CONTEXT, (1ull << 33) + 1, again, N);
    xavier_fill(&xavier, WEIGHTS_CONTEXT, (1ull << 33) + 3, pieces, N - 2);
    tap_check(memcmp(again + 2, pieces, (N - 2) * 4) == 0 && memcmp(again, whole + 1, 64) != 0,
              "xavier: indices above 2^32");
    xavier_fill(&reseeded, WEIGHTS_CONTEXT, 0, other, N);
    tap_check(memcmp(whole, other, 64) != 0, "xavier: another seed gives other weights");
}

/* ---- minibatches ---- */

enum { WORDS = 60, STEPS = 1300, LATE = 1006 };
static const double LR = 0.002;

/* Whether a word may occur in a step. Words below 30 always may; groups of six others rest for 1
 * step, for 10 steps, for 1,000 steps, from step 3 to the end, and for ever. */
static bool occurs(uint32_t id, unsigned step)
{
    return id < 30   ? true
           : id < 36 ? step % 2 == 0
           : id < 42 ? step % 11 == 0
           : id < 48 ? step == 5 || step >= LATE
           : id < 54 ? step <= 3
                     : false;
}

static uint32_t draw_word(unsigned step, uint64_t *state)
{
    uint32_t id;
    do
        id = draw_below(state, WORDS);
    while (!occurs(id, step));
    return id;
}

/* Examples of different sizes, some without noise words, in which words repeat; the centre word
 * is also a noise word of some. `due` is a word that must occur, as centre and as context word. */
static void add_example(struct minibatch *batch, unsigned step, uint32_t due, uint64_t *state)
{
    struct error err;
    uint32_t contexts = 1 + draw_below(state, 6), noise = draw_below(state, 20);
    uint32_t *word = minibatch_add(batch, due, contexts, noise, &err);
    require(word, &err);
    for (uint32_t i = 0; i < contexts + noise; i++)
        word[i] = draw_word(step, state);
    if (contexts > 2)
        word[2] = word[0];
    if (noise > 2)
        word[contexts + 1] = due;
    word[0] = due;
}

static void make_minibatch(struct minibatch *batch, unsigned step)
{
    uint64_t state = step;
    minibatch_clear(batch);
    for (uint32_t id = 30; id < WORDS; id++)
        if (occurs(id, step))
            add_example(batch, step, id, &state);
    for (uint32_t left = 1 + draw_below(&state, step % 50 ? 20 : 200); left > 0; left--)
        add_example(batch, step, draw_word(step, &state), &state);
}

/* ---- the oracle: every row at every step, as in the specification ---- */

struct oracle {
    uint32_t dim;
    enum optimizer optimizer;
    struct oracle_weight *v, *u; /* (WORDS, dim) */
    double *of_v, *of_u;         /* gradients, likewise */
    uint64_t steps;
};

static void oracle_init(struct oracle *o, const struct trainer_config *config)
{
    struct error err;
    size_t n = (size_t)WORDS * config->dim;
    struct xavier xavier = xavier_init(config->words, config->dim, config->seed);
    float *weight = new_floats(n);
    *o = (struct oracle){.dim = config->dim,
                         .optimizer = config->optimizer,
                         .v = memory_new(n, sizeof *o->v, &err),
                         .u = memory_new(n, sizeof *o->u, &err),
                         .of_v = memory_new(n, sizeof *o->of_v, &err),
                         .of_u = memory_new(n, sizeof *o->of_u, &err)};
    require(o->v && o->u && o->of_v && o->of_u, &err);
    xavier_fill(&xavier, WEIGHTS_CENTRE, 0, weight, (uint32_t)n);
    for (size_t i = 0; i < n; i++)
        o->v[i].p = weight[i];
    xavier_fill(&xavier, WEIGHTS_CONTEXT, 0, weight, (uint32_t)n);
    for (size_t i = 0; i < n; i++)
        o->u[i].p = weight[i];
    free(weight);
}

static void oracle_release(struct oracle *o)
{
    free(o->v);
    free(o->u);
    free(o->of_v);
    free(o->of_u);
}

/* Adds the gradient of one word of an example; returns its loss. */
static double oracle_word(struct oracle *o, uint32_t centre, uint32_t word, bool label,
                          uint32_t words)
{
    const struct oracle_weight *v = o->v + centre * o->dim, *u = o->u + word * o->dim;
    double x = 0;
    for (uint32_t d = 0; d < o->dim; d++)
        x += v[d].p * u[d].p;
    double coefficient = (1 / (1 + exp(-x)) - label) / (o->optimizer == OPTIMIZER_ADAM ? words : 1);
    for (uint32_t d = 0; d < o->dim; d++) {
        o->of_v[centre * o->dim + d] += coefficient * u[d].p;
        o->of_u[word * o->dim + d] += coefficient * v[d].p;
    }
    return log1p(exp(label ? -x : x)) / words;
}

/* The loss of a minibatch, and its gradient. */
static double oracle_loss(struct oracle *o, const struct minibatch *batch)
{
    size_t n = (size_t)WORDS * o->dim;
    double loss = 0;
    memset(o->of_v, 0, n * sizeof *o->of_v);
    memset(o->of_u, 0, n * sizeof *o->of_u);
    for (uint32_t i = 0; i < batch->examples; i++) {
        uint32_t first = batch->first[i], words = batch->first[i + 1] - first;
        for (uint32_t j = 0; j < words; j++)
            loss += oracle_word(o, batch->centre[i], batch->word[first + j], j < batch->contexts[i],
                                words);
    }
    return loss;
}

static double oracle_train(struct oracle *o, const struct minibatch *batch)
{
    size_t n = (size_t)WORDS * o->dim;
    double loss = oracle_loss(o, batch);
    struct oracle_step step = oracle_step(LR, ++o->steps);
    double rate = LR * fmax(1 - (o->steps - 1.0) / STEPS, 1e-4);
    for (size_t i = 0; i < n; i++)
        if (o->optimizer == OPTIMIZER_ADAM) {
            oracle_adam(&o->v[i], o->of_v[i], &step);
            oracle_adam(&o->u[i], o->of_u[i], &step);
        } else {
            o->v[i].p -= rate * o->of_v[i];
            o->u[i].p -= rate * o->of_u[i];
        }
    return loss;
}

/* The relative distance (Frobenius) of rows first … end − 1 from the oracle's. */
static double distance(const struct oracle *o, const float *rows, uint32_t first, uint32_t end)
{
    double off = 0, all = 0;
    for (size_t i = (size_t)first * o->dim; i < (size_t)end * o->dim; i++) {
        off += (rows[i] - o->v[i].p) * (rows[i] - o->v[i].p);
        all += o->v[i].p * o->v[i].p;
    }
    return sqrt(off / all);
}

/* ---- the trainer against the oracle ---- */

static struct trainer *new_trainer(const struct trainer_config *config)
{
    struct error err;
    struct trainer *trainer = trainer_cpu_create(config, &err);
    require(trainer, &err);
    return trainer;
}

static void read_rows(struct trainer *trainer, float *rows)
{
    struct error err;
    require(trainer->methods->read_back(trainer, 0, WORDS, rows, &err) == 0, &err);
}

static double train_on(struct trainer *trainer, const struct minibatch *batch)
{
    struct error err;
    double loss = NAN;
    require(trainer->methods->prepare(trainer, 0, batch, 1, &err) == 0 &&
                trainer->methods->step(trainer, 0, NULL, &loss, &err) == 0,
            &err);
    return loss;
}

/* The loss of a minibatch, without training on it. */
static double evaluate(struct trainer *trainer, const struct minibatch *batch)
{
    struct error err;
    double loss = NAN;
    require(trainer->methods->prepare(trainer, 1, batch, 1, &err) == 0 &&
                trainer->methods->evaluate(trainer, 1, &loss, &err) == 0,
            &err);
    return loss;
}

/* Examples with all words, however long they have rested. */
static void make_held_out(struct minibatch *batch)
{
    struct error err;
    uint64_t state = 77;
    minibatch_clear(batch);
    for (uint32_t id = 0; id < 2 * WORDS; id++) {
        uint32_t contexts = 1 + draw_below(&state, 6), noise = draw_below(&state, 20);
        uint32_t *word = minibatch_add(batch, id % WORDS, contexts, noise, &err);
        require(word, &err);
        for (uint32_t i = 0; i < contexts + noise; i++)
            word[i] = draw_below(&state, WORDS);
    }
}

/* Groups of words by how they rest, as in occurs(). */
static const struct {
    uint32_t first, end;
    const char *name;
} groups[] = {{0, 30, "at any step"},        {30, 36, "after rests of 1"},
              {36, 42, "after rests of 10"}, {42, 48, "after a rest of 1,000"},
              {48, 54, "only up to step 3"}, {54, 60, "never"}};

static void check_rows(const struct oracle *o, const float *rows, const float *initial)
{
    double all = distance(o, rows, 0, WORDS);
    tap_check(all < 4e-6, "dim %u, step %llu: vectors off by %.1e", o->dim,
              (unsigned long long)o->steps, all);
    for (int g = 0; g < 6; g++) {
        double one = distance(o, rows, groups[g].first, groups[g].end);
        tap_check(one < 4e-6, "dim %u, step %llu: words that occur %s, off by %.1e", o->dim,
                  (unsigned long long)o->steps, groups[g].name, one);
    }
    tap_check(memcmp(rows + 54 * o->dim, initial + 54 * o->dim, 6 * o->dim * 4) == 0 &&
                  rows[53 * o->dim] != initial[53 * o->dim],
              "dim %u: words that never occur, and only these, keep their initial vectors", o->dim);
}

static void test_against_oracle(enum optimizer optimizer, uint32_t dim)
{
    struct trainer_config config = {.words = WORDS,
                                    .dim = dim,
                                    .optimizer = optimizer,
                                    .seed = 11,
                                    .threads = 2,
                                    .lr = LR,
                                    .steps = STEPS};
    struct trainer *trainer = new_trainer(&config);
    struct minibatch batch = {0}, held_out = {0};
    struct oracle o;
    make_held_out(&held_out);
    oracle_init(&o, &config);
    float *rows = new_floats(WORDS * dim), *initial = new_floats(WORDS * dim);
    read_rows(trainer, initial);
    tap_check(distance(&o, initial, 0, WORDS) == 0, "dim %u: initial V", dim);
    double worst = 0, worst_held_out = 0;
    for (unsigned step = 1; step <= STEPS; step++) {
        make_minibatch(&batch, step);
        double wanted = oracle_train(&o, &batch);
        worst = largest(worst, fabs(train_on(trainer, &batch) - wanted) / wanted);
        if (step % 37 == 1 || step == STEPS) {
            wanted = oracle_loss(&o, &held_out);
            worst_held_out =
                largest(worst_held_out, fabs(evaluate(trainer, &held_out) - wanted) / wanted);
        }
        if (step == 300 || step == LATE - 1 || step == STEPS) {
            read_rows(trainer, rows);
            check_rows(&o, rows, initial);
        }
    }
    tap_check(worst < 2e-6, "%s, dim %u: loss of each of %d steps, off by %.1e",
              optimizer == OPTIMIZER_ADAM ? "Adam" : "SGD", dim, STEPS, worst);
    tap_check(worst_held_out < 2e-6, "%s, dim %u: loss of held-out examples, off by %.1e",
              optimizer == OPTIMIZER_ADAM ? "Adam" : "SGD", dim, worst_held_out);
    trainer->methods->destroy(trainer);
    oracle_release(&o);
    minibatch_release(&batch);
    minibatch_release(&held_out);
    free(rows);
    free(initial);
}

/* ---- the same bits for any number of threads, and with concurrent preparation ---- */

enum { SHORT = 250 };

struct ahead {
    struct trainer *trainer;
    struct minibatch *batch;
    unsigned slot, step, calls;
};

/* Creates and prepares the next minibatch while a step is running. */
static void prepare_next(void *data)
{
    struct ahead *a = data;
    struct error err;
    make_minibatch(&a->batch[a->slot], a->step);
    require(a->trainer->methods->prepare(a->trainer, a->slot, &a->batch[a->slot], 1, &err) == 0,
            &err);
    a->calls++;
}

/* Trains while the next minibatch is prepared during each step; fills loss (SHORT) and rows.
 * After each step evaluates held_out (unless NULL) and fills held_loss (SHORT). Returns how
 * often a minibatch was prepared during a step. */
static unsigned train_ahead(const struct trainer_config *config, double *loss, float *rows,
                            const struct minibatch *held_out, double *held_loss)
{
    struct error err;
    struct trainer *trainer = new_trainer(config);
    struct minibatch batch[TRAINER_SLOTS] = {{0}, {0}};
    struct ahead ahead = {trainer, batch, 0, 1, 0};
    struct side_task side_task = {prepare_next, &ahead};
    prepare_next(&ahead);
    for (unsigned step = 1; step <= SHORT; step++) {
        unsigned slot = ahead.slot;
        ahead.slot = (slot + 1) % TRAINER_SLOTS;
        ahead.step = step + 1;
        require(trainer->methods->step(trainer, slot, &side_task, &loss[step - 1], &err) == 0,
                &err);
        require(!held_out ||
                    (trainer->methods->prepare(trainer, slot, held_out, 1, &err) == 0 &&
                     trainer->methods->evaluate(trainer, slot, &held_loss[step - 1], &err) == 0),
                &err);
    }
    read_rows(trainer, rows);
    trainer->methods->destroy(trainer);
    for (int i = 0; i < TRAINER_SLOTS; i++)
        minibatch_release(&batch[i]);
    return ahead.calls - 1;
}

static void test_threads(void)
{
    enum { DIM = 33 };
    struct trainer_config config = {
        .words = WORDS, .dim = DIM, .seed = 11, .threads = 1, .lr = 0.002};
    double loss[SHORT], other_loss[SHORT];
    static float rows[WORDS * DIM], other_rows[WORDS * DIM];
    struct trainer *trainer = new_trainer(&config);
    struct minibatch batch = {0}, held_out = {0};
    double held_loss[SHORT], other_held_loss[SHORT];
    make_held_out(&held_out);
    for (unsigned step = 1; step <= SHORT; step++) {
        make_minibatch(&batch, step);
        loss[step - 1] = train_on(trainer, &batch);
        held_loss[step - 1] = evaluate(trainer, &held_out);
    }
    read_rows(trainer, rows);
    trainer->methods->destroy(trainer);
    minibatch_release(&batch);
    for (uint32_t threads = 1; threads <= 4; threads++) {
        config.threads = threads;
        train_ahead(&config, other_loss, other_rows, NULL, NULL);
        tap_check(memcmp(rows, other_rows, sizeof rows) == 0 &&
                      memcmp(loss, other_loss, sizeof loss) == 0,
                  "%u threads: the same bits without evaluation", threads);
        unsigned calls = train_ahead(&config, other_loss, other_rows, &held_out, other_held_loss);
        tap_check(memcmp(held_loss, other_held_loss, sizeof held_loss) == 0,
                  "%u threads: the same bits, losses of held-out examples", threads);
        tap_check(memcmp(rows, other_rows, sizeof rows) == 0 &&
                      memcmp(loss, other_loss, sizeof loss) == 0,
                  "%u threads: the same bits, losses and vectors", threads);
        tap_check(calls == SHORT, "%u threads: one minibatch is prepared during each step",
                  threads);
    }
    config.seed++;
    train_ahead(&config, other_loss, other_rows, NULL, NULL);
    minibatch_release(&held_out);
    tap_check(memcmp(rows, other_rows, sizeof rows) != 0, "another seed gives other vectors");
}

int main(void)
{
    test_xavier_distribution();
    test_xavier_pieces();
    test_against_oracle(OPTIMIZER_ADAM, 7);
    test_against_oracle(OPTIMIZER_ADAM, 33);
    test_against_oracle(OPTIMIZER_SGD, 33);
    test_threads();
    return tap_end();
}

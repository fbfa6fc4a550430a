/* SPDX-License-Identifier: MIT */
/* Training on the CPU: the reference for other backends.
 *
 * A step has three phases separated by barriers; in each phase, threads take pieces of work. No
 * two pieces write the same memory, and the result of a piece does not depend on the thread, so
 * that the outcome is the same for any number of threads.
 *
 *   1. With Adam, the weights of the minibatch's rows that rested are brought up to date (adam.h).
 *   2. Examples: logits, losses, derivatives. Nothing is updated: each example stores its
 *      coefficients, its gradient for V, and a copy of its centre word's vector for phase 3.
 *   3. Rows of U and V: for each row the gradients of the minibatch are summed, and the row is
 *      updated.
 */
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/team.h"
#include "train/kernels.h"
#include "train/row_index.h"
#include "train/sgd.h"
#include "train/trainer_cpu.h"

enum {
    EXAMPLES_PIECE = 8, /* examples that a thread takes at a time */
    ROWS_PIECE = 16,    /* rows that a thread takes at a time */
    SHORT_RESTS = 64    /* coefficients of shorter rests are computed once per step */
};

/* One of the two matrices. */
struct table {
    float *rows; /* (words, row_stride): weights, with Adam also moments (kernels.h), stride each */
    uint64_t *step; /* (words) with Adam: a row's last step with a gradient; 0: none */
};

struct prepared {
    const struct minibatch *batch;
    struct row_index context_rows, centre_rows; /* of U and V */
};

struct trainer_cpu {
    struct trainer base;
    struct trainer_config config;
    size_t stride, row_stride; /* floats in a row of weights; from one row of a table to the next */
    const struct kernels *kernels;
    struct adam adam;
    struct team team;
    struct table centre, context; /* V, U */
    struct row_marks marks;
    uint32_t *owner; /* (words of the minibatch) scratch for `prepare`: each word's example */
    size_t owner_capacity;
    struct prepared prepared[TRAINER_SLOTS];
    uint64_t steps; /* done so far */

    /* Results of phase 2, for phase 3 and the main thread. */
    float *centre_copy; /* (examples, stride) vectors of the centre words */
    float *gradient;    /* (examples, stride), for V */
    float *coefficient; /* (words of the minibatch) */
    float *loss;        /* (examples) */
    size_t examples_capacity, coefficient_capacity;

    /* For evaluation: copies of the minibatch's rows, those of U and then those of V, brought up to
     * date. */
    float *copy;          /* (rows of the minibatch, row_stride) */
    uint32_t *word_row;   /* (words of the minibatch) each word's index among the rows of U */
    uint32_t *centre_row; /* (examples) each centre word's index among the rows of V */
    size_t copy_capacity, word_row_capacity, centre_row_capacity;

    /* The current step. */
    struct prepared *current;
    const struct side_task *side_task;
    struct adam_step adam_step;         /* for rows that did not rest */
    struct adam_rest rest[SHORT_RESTS]; /* rest[n]: for rows that rested the latest n steps */
    float rate;                         /* of gradient descent */
    float *row;                         /* (row_stride) scratch for read_back */
    struct team_work rests, examples, updates; /* for phases 1, 2, 3 */
    atomic_uint side_task_taken;               /* 0 until a thread runs it */
};

/* ---- life cycle ---- */

static int init_table(struct table *table, const struct trainer_cpu *t, enum weights matrix,
                      const struct xavier *xavier, struct error *err)
{
    size_t row = t->row_stride;
    table->rows = memory_new_aligned(t->config.words, row * sizeof *table->rows, err);
    table->step = memory_new(t->config.words, sizeof *table->step, err);
    if (!table->rows || !table->step)
        return -1;
    for (uint32_t id = 0; id < t->config.words; id++) {
        float *weight = table->rows + id * row;
        memset(weight, 0, row * sizeof *weight);
        xavier_fill(xavier, matrix, (uint64_t)id * t->config.dim, weight, t->config.dim);
    }
    return 0;
}

static void destroy(struct trainer *trainer)
{
    struct trainer_cpu *t = (struct trainer_cpu *)trainer;
    team_release(&t->team);
    team_work_release(&t->rests);
    team_work_release(&t->examples);
    team_work_release(&t->updates);
    adam_release(&t->adam);
    free(t->centre.rows);
    free(t->centre.step);
    free(t->context.rows);
    free(t->context.step);
    row_marks_release(&t->marks);
    free(t->owner);
    free(t->row);
    for (int i = 0; i < TRAINER_SLOTS; i++) {
        row_index_release(&t->prepared[i].context_rows);
        row_index_release(&t->prepared[i].centre_rows);
    }
    free(t->centre_copy);
    free(t->gradient);
    free(t->coefficient);
    free(t->loss);
    free(t->copy);
    free(t->word_row);
    free(t->centre_row);
    free(t);
}

/* ---- prepare ---- */

/* On the CPU a group is one minibatch: a step is large compared with the overhead of a call. */
static int prepare(struct trainer *trainer, unsigned slot, const struct minibatch *batch,
                   unsigned count, struct error *err)
{
    (void)count;
    struct trainer_cpu *t = (struct trainer_cpu *)trainer;
    struct prepared *p = &t->prepared[slot];
    uint32_t words = minibatch_words(batch);
    p->batch = batch;
    if (memory_reserve(&t->owner, &t->owner_capacity, words, sizeof *t->owner, err) < 0)
        return -1;
    for (uint32_t i = 0; i < batch->examples; i++)
        for (uint32_t j = batch->first[i]; j < batch->first[i + 1]; j++)
            t->owner[j] = i;
    if (row_index_build(&p->context_rows, batch->word, words, t->owner, &t->marks, err) < 0)
        return -1;
    return row_index_build(&p->centre_rows, batch->centre, batch->examples, NULL, &t->marks, err);
}

/* ---- the phases ---- */

/* Sets the number of steps done, and computes Adam's coefficients for the next one. */
static void set_steps(struct trainer_cpu *t, uint64_t steps)
{
    t->steps = steps;
    if (t->config.optimizer != OPTIMIZER_ADAM)
        return;
    t->adam_step = adam_step_at(&t->adam, steps + 1);
    for (uint64_t missed = 1; missed < SHORT_RESTS && missed < steps; missed++)
        t->rest[missed] = adam_rest_after(&t->adam, steps - missed, steps);
}

/* Advances a row's weights from the state after step `from` to that after step t->steps. */
static void advance(const struct trainer_cpu *t, float *row, uint64_t from)
{
    uint64_t missed = t->steps - from;
    if (from == 0 || missed == 0) /* moments are zero, so that nothing changes; or no rest */
        return;
    struct adam_rest rest =
        missed < SHORT_RESTS ? t->rest[missed] : adam_rest_after(&t->adam, from, t->steps);
    t->kernels->adam_rest(row, t->stride, &rest);
}

/* A row that the minibatch touches. They are numbered: first those of U, then those of V. */
struct touched {
    struct table *table;
    uint32_t id;
};

static struct touched touched_row(struct trainer_cpu *t, uint32_t i)
{
    const struct row_index *u = &t->current->context_rows, *v = &t->current->centre_rows;
    return i < u->rows ? (struct touched){&t->context, u->row[i]}
                       : (struct touched){&t->centre, v->row[i - u->rows]};
}

static uint32_t touched_rows(const struct trainer_cpu *t)
{
    return t->current->context_rows.rows + t->current->centre_rows.rows;
}

/* The row with its moments, in its table. */
static float *state_of(const struct trainer_cpu *t, struct touched touched)
{
    return touched.table->rows + touched.id * t->row_stride;
}

static void bring_up_to_date(struct trainer_cpu *t)
{
    uint32_t start, end;
    while (team_work_take(&t->rests, &start, &end))
        for (uint32_t i = start; i < end; i++) {
            struct touched row = touched_row(t, i), next = touched_row(t, i + 1 < end ? i + 1 : i);
            if (next.table->step[next.id] != t->steps)
                fetch_row(state_of(t, next), t->row_stride);
            advance(t, state_of(t, row), row.table->step[row.id]);
        }
}

/* Computes loss and derivatives of example i, whose words are rows of `table`. Words after its
 * own, up to index `last_word`, are prefetched. */
static void run_example(struct trainer_cpu *t, uint32_t i, const float *centre, const float *table,
                        const uint32_t *word, uint32_t last_word)
{
    const struct minibatch *batch = t->current->batch;
    uint32_t first = batch->first[i], next = batch->first[i + 1];
    struct kernels_example example = {
        .centre = centre,
        .table = table,
        .stride = t->stride,
        .row_stride = t->row_stride,
        .word = word + first,
        .words = next - first,
        .following = last_word - next,
        .contexts = batch->contexts[i],
        .scale = t->config.optimizer == OPTIMIZER_ADAM ? 1.0f / (float)(next - first) : 1.0f,
        .coefficient_index = t->current->context_rows.position + first,
        .coefficient = t->coefficient,
        .gradient = t->gradient + i * t->stride,
    };
    t->loss[i] = t->kernels->example(&example);
}

/* The vector of example i's centre word. */
static const float *centre_of(const struct trainer_cpu *t, uint32_t i)
{
    return t->centre.rows + t->current->batch->centre[i] * t->row_stride;
}

static void differentiate(struct trainer_cpu *t)
{
    const struct minibatch *batch = t->current->batch;
    uint32_t start, end;
    while (team_work_take(&t->examples, &start, &end))
        for (uint32_t i = start; i < end; i++) {
            const float *centre = centre_of(t, i);
            uint32_t next = i + 1 < batch->examples ? i + 1 : i;
            fetch_row(centre_of(t, next), t->stride);
            run_example(t, i, centre, t->context.rows, batch->word, batch->first[next + 1]);
            memcpy(t->centre_copy + i * t->stride, centre, t->stride * sizeof *centre);
        }
}

/* Makes the step of row number `at` of an index, in a table. */
static void update_row(struct trainer_cpu *t, struct table *table, const struct row_index *index,
                       uint32_t at, const float *rows, const float *coefficient)
{
    uint64_t step = t->steps + 1;
    uint32_t id = index->row[at], first = index->first[at];
    struct kernels_gradient gradient = {.rows = rows,
                                        .stride = t->stride,
                                        .n = index->first[at + 1] - first,
                                        .source = index->owner + first,
                                        .coefficient = coefficient ? coefficient + first : NULL};
    float *row = table->rows + id * t->row_stride;
    if (t->config.optimizer == OPTIMIZER_SGD) {
        t->kernels->sgd_step(row, &gradient, t->rate);
        return;
    }
    struct adam_step adam = t->adam_step;
    adam_shrink(&adam, &t->adam, step - table->step[id]);
    t->kernels->adam_step(row, &gradient, &adam);
    table->step[id] = step;
}

static void update(struct trainer_cpu *t)
{
    const struct row_index *u = &t->current->context_rows, *v = &t->current->centre_rows;
    uint32_t start, end;
    while (team_work_take(&t->updates, &start, &end))
        for (uint32_t i = start; i < end; i++) {
            if (i + 1 < touched_rows(t))
                fetch_row(state_of(t, touched_row(t, i + 1)), t->row_stride);
            if (i < u->rows)
                update_row(t, &t->context, u, i, t->centre_copy, t->coefficient);
            else
                update_row(t, &t->centre, v, i - u->rows, t->gradient, NULL);
        }
}

static void step_together(void *data)
{
    struct trainer_cpu *t = data;
    if (t->config.optimizer == OPTIMIZER_ADAM) {
        bring_up_to_date(t);
        team_barrier(&t->team);
    }
    differentiate(t);
    team_barrier(&t->team);
    /* The first thread to finish prepares the next minibatch while the others update rows. */
    if (t->side_task && atomic_fetch_add(&t->side_task_taken, 1) == 0)
        t->side_task->function(t->side_task->data);
    update(t);
}

static int reserve_results(struct trainer_cpu *t, const struct minibatch *batch, struct error *err)
{
    uint32_t n = batch->examples;
    if (n > t->examples_capacity) {
        free(t->centre_copy);
        free(t->gradient);
        free(t->loss);
        t->examples_capacity = 0;
        t->centre_copy = memory_new_aligned(n, t->stride * sizeof *t->centre_copy, err);
        t->gradient = memory_new_aligned(n, t->stride * sizeof *t->gradient, err);
        t->loss = memory_new(n, sizeof *t->loss, err);
        if (!t->centre_copy || !t->gradient || !t->loss)
            return -1;
        t->examples_capacity = n;
    }
    return memory_reserve(&t->coefficient, &t->coefficient_capacity, minibatch_words(batch),
                          sizeof *t->coefficient, err);
}

/* The sum of the examples' losses. */
static double sum_losses(const struct trainer_cpu *t, const struct minibatch *batch)
{
    double sum = 0;
    for (uint32_t i = 0; i < batch->examples; i++)
        sum += t->loss[i];
    return sum;
}

static int step(struct trainer *trainer, unsigned slot, const struct side_task *side_task,
                double *loss, struct error *err)
{
    struct trainer_cpu *t = (struct trainer_cpu *)trainer;
    const struct minibatch *batch = t->prepared[slot].batch;
    if (reserve_results(t, batch, err) < 0)
        return -1;
    t->current = &t->prepared[slot];
    t->side_task = side_task;
    t->rate = sgd_rate(t->config.lr, t->steps, t->config.steps);
    team_work_start(&t->rests, touched_rows(t));
    team_work_start(&t->examples, batch->examples);
    team_work_start(&t->updates, touched_rows(t));
    atomic_store(&t->side_task_taken, 0);
    team_run(&t->team, step_together, t);
    set_steps(t, t->steps + 1);
    *loss = sum_losses(t, batch);
    return 0;
}

/* ---- evaluation: losses by copies of the rows, so that training is not affected ---- */

static void copy_rows(struct trainer_cpu *t)
{
    uint32_t start, end;
    while (team_work_take(&t->rests, &start, &end))
        for (uint32_t i = start; i < end; i++) {
            struct touched row = touched_row(t, i);
            float *copy = t->copy + i * t->row_stride;
            memcpy(copy, state_of(t, row), t->row_stride * sizeof *copy);
            advance(t, copy, row.table->step[row.id]);
        }
}

static void evaluate_together(void *data)
{
    struct trainer_cpu *t = data;
    const float *centres = t->copy + t->current->context_rows.rows * t->row_stride;
    uint32_t start, end;
    copy_rows(t);
    team_barrier(&t->team);
    while (team_work_take(&t->examples, &start, &end))
        for (uint32_t i = start; i < end; i++)
            run_example(t, i, centres + t->centre_row[i] * t->row_stride, t->copy, t->word_row,
                        t->current->batch->first[end]);
}

static int reserve_copies(struct trainer_cpu *t, const struct minibatch *batch, struct error *err)
{
    size_t rows = touched_rows(t);
    if (rows > t->copy_capacity) {
        free(t->copy);
        t->copy_capacity = 0;
        t->copy = memory_new_aligned(rows, t->row_stride * sizeof *t->copy, err);
        if (!t->copy)
            return -1;
        t->copy_capacity = rows;
    }
    if (memory_reserve(&t->word_row, &t->word_row_capacity, minibatch_words(batch),
                       sizeof *t->word_row, err) < 0)
        return -1;
    return memory_reserve(&t->centre_row, &t->centre_row_capacity, batch->examples,
                          sizeof *t->centre_row, err);
}

static int evaluate(struct trainer *trainer, unsigned slot, double *loss, struct error *err)
{
    struct trainer_cpu *t = (struct trainer_cpu *)trainer;
    const struct minibatch *batch = t->prepared[slot].batch;
    t->current = &t->prepared[slot];
    if (reserve_results(t, batch, err) < 0 || reserve_copies(t, batch, err) < 0)
        return -1;
    row_index_find(&t->current->context_rows, batch->word, minibatch_words(batch), &t->marks,
                   t->word_row);
    row_index_find(&t->current->centre_rows, batch->centre, batch->examples, &t->marks,
                   t->centre_row);
    team_work_start(&t->rests, touched_rows(t));
    team_work_start(&t->examples, batch->examples);
    team_run(&t->team, evaluate_together, t);
    *loss = sum_losses(t, batch);
    return 0;
}

/* ---- results ---- */

static int read_back(struct trainer *trainer, uint32_t first, uint32_t count, float *rows,
                     struct error *err)
{
    (void)err;
    struct trainer_cpu *t = (struct trainer_cpu *)trainer;
    float *row = t->row;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t id = first + i;
        memcpy(row, t->centre.rows + id * t->row_stride, t->row_stride * sizeof *row);
        advance(t, row, t->centre.step[id]); /* a copy: reading must not change the model */
        memcpy(rows + (size_t)i * t->config.dim, row, t->config.dim * sizeof *rows);
    }
    return 0;
}

static int save(struct trainer *trainer, enum weights matrix, uint32_t first, uint32_t count,
                uint64_t *step, float *value, struct error *err)
{
    (void)err;
    struct trainer_cpu *t = (struct trainer_cpu *)trainer;
    const struct table *table = matrix == WEIGHTS_CENTRE ? &t->centre : &t->context;
    size_t dim = t->config.dim, parts = trainer_parts(t->config.optimizer);
    memcpy(step, table->step + first, count * sizeof *step);
    for (uint32_t i = 0; i < count; i++)
        row_to_values(table->rows + (first + i) * t->row_stride, t->stride, dim, parts,
                      value + i * parts * dim);
    return 0;
}

static int restore(struct trainer *trainer, enum weights matrix, uint32_t first, uint32_t count,
                   const uint64_t *step, const float *value, struct error *err)
{
    (void)err;
    struct trainer_cpu *t = (struct trainer_cpu *)trainer;
    struct table *table = matrix == WEIGHTS_CENTRE ? &t->centre : &t->context;
    size_t dim = t->config.dim, parts = trainer_parts(t->config.optimizer);
    memcpy(table->step + first, step, count * sizeof *step);
    for (uint32_t i = 0; i < count; i++)
        row_from_values(table->rows + (first + i) * t->row_stride, t->stride, dim, parts,
                        value + i * parts * dim);
    return 0;
}

static void resume(struct trainer *trainer, uint64_t steps)
{
    set_steps((struct trainer_cpu *)trainer, steps);
}

static const struct trainer_methods methods = {prepare, step,    evaluate, read_back,
                                               save,    restore, resume,   destroy};

struct trainer *trainer_cpu_create(const struct trainer_config *config, struct error *err)
{
    struct trainer_cpu *t = memory_new(1, sizeof *t, err);
    if (!t)
        return NULL;
    t->base.methods = &methods;
    strcpy(t->base.device, "cpu");
    t->base.group = 1;
    t->config = *config;
    t->stride = round_to_lanes(config->dim);
    t->row_stride = trainer_parts(config->optimizer) * t->stride;
    t->kernels = kernels_best();
    struct xavier xavier = xavier_init(t->config.words, t->config.dim, config->seed);
    t->row = memory_new_aligned(1, t->row_stride * sizeof *t->row, err);
    if (!t->row || row_marks_init(&t->marks, t->config.words, err) < 0 ||
        adam_init(&t->adam, config->lr, err) < 0 ||
        init_table(&t->centre, t, WEIGHTS_CENTRE, &xavier, err) < 0 ||
        init_table(&t->context, t, WEIGHTS_CONTEXT, &xavier, err) < 0 ||
        team_work_init(&t->rests, config->threads, ROWS_PIECE, err) < 0 ||
        team_work_init(&t->examples, config->threads, EXAMPLES_PIECE, err) < 0 ||
        team_work_init(&t->updates, config->threads, ROWS_PIECE, err) < 0 ||
        team_init(&t->team, config->threads, err) < 0) {
        destroy(&t->base);
        return NULL;
    }
    set_steps(t, 0);
    return &t->base;
}

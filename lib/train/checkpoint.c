/* SPDX-License-Identifier: MIT */
#include "train/checkpoint.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "stream/vectors.h"

static const enum weights matrices[2] = {WEIGHTS_CENTRE, WEIGHTS_CONTEXT};

/* ---- copying ---- */

/* The number of rows copied at a time, limited because a GPU needs memory for them. */
static uint32_t rows_per_copy(uint32_t dim)
{
    uint32_t rows = (1u << 22) / dim;
    return rows ? rows : 1;
}

static bool all_finite(const float *value, size_t n)
{
    float sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += value[i] * 0.0f; /* 0, or NaN */
    return sum == 0;
}

static int reserve(struct checkpoint *c, struct error *err)
{
    size_t words = c->run.model.words, row = c->run.model.dim;
    size_t kept = row * trainer_parts(c->run.model.optimizer);
    if (!c->rows && !(c->rows = memory_new(words, row * sizeof *c->rows, err)))
        return -1;
    for (int m = 0; m < 2; m++) {
        if (!c->step[m] && !(c->step[m] = memory_new(words, sizeof *c->step[m], err)))
            return -1;
        if (!c->value[m] && !(c->value[m] = memory_new(words, kept * sizeof *c->value[m], err)))
            return -1;
    }
    return 0;
}

/* Copies `count` rows of V, and of the state of both matrices. */
static int copy_rows(struct checkpoint *c, struct trainer *trainer, uint32_t first, uint32_t count,
                     struct error *err)
{
    size_t at = (size_t)first * c->run.model.dim, parts = trainer_parts(c->run.model.optimizer);
    if (trainer->methods->read_back(trainer, first, count, c->rows + at, err) < 0)
        return -1;
    for (int m = 0; m < 2; m++)
        if (trainer->methods->save(trainer, matrices[m], first, count, c->step[m] + first,
                                   c->value[m] + parts * at, err) < 0)
            return -1;
    return 0;
}

int checkpoint_copy(struct checkpoint *c, struct trainer *trainer, const struct checkpoint_run *run,
                    const struct train_progress *progress, struct error *err)
{
    uint32_t words = run->model.words, most = rows_per_copy(run->model.dim);
    c->run = *run;
    c->progress = *progress;
    if (reserve(c, err) < 0)
        return -1;
    for (uint32_t id = 0, count; id < words; id += count) {
        count = words - id < most ? words - id : most;
        if (copy_rows(c, trainer, id, count, err) < 0)
            return -1;
    }
    size_t n = (size_t)words * run->model.dim, parts = trainer_parts(run->model.optimizer);
    if (!all_finite(c->rows, n) || !all_finite(c->value[0], n * parts) ||
        !all_finite(c->value[1], n * parts))
        return error_set(err, STATUS_DIVERGED,
                         "training diverged: after epoch %lu, minibatch %llu the model is not "
                         "finite; try a smaller --lr",
                         train_epoch(&run->shape, progress->steps),
                         (unsigned long long)progress->steps);
    return 0;
}

void checkpoint_release(struct checkpoint *c)
{
    free(c->rows);
    for (int m = 0; m < 2; m++) {
        free(c->step[m]);
        free(c->value[m]);
    }
    *c = (struct checkpoint){0};
}

/* ---- writing ---- */

static int put_f64(struct bytes *b, double value, struct error *err)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bytes_put_u64(b, bits, err);
}

static double cursor_f64(struct cursor *c)
{
    uint64_t bits = cursor_u64(c);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Appends the content of a TRAINING record. */
static int put_training(struct bytes *b, const struct checkpoint *c, struct error *err)
{
    const struct checkpoint_run *run = &c->run;
    const struct train_progress *p = &c->progress;
    return bytes_put_u32(b, run->model.optimizer, err) < 0 ||
                   bytes_put_u32(b, run->shape.batch_size, err) < 0 ||
                   bytes_put_u32(b, run->shape.epochs, err) < 0 ||
                   bytes_put_u64(b, run->shape.examples, err) < 0 ||
                   put_f64(b, run->model.lr, err) < 0 ||
                   bytes_put_u64(b, run->model.seed, err) < 0 ||
                   bytes_put_u64(b, run->header_hash, err) < 0 ||
                   bytes_put_u64(b, p->steps, err) < 0 || bytes_put_u64(b, p->examples, err) < 0 ||
                   put_f64(b, p->total_loss_sum, err) < 0 ||
                   bytes_put_u64(b, p->epoch_examples, err) < 0 ||
                   put_f64(b, p->epoch_loss_sum, err) < 0 ||
                   bytes_put_u64(b, p->input_hash, err) < 0
               ? -1
               : 0;
}

/* Makes `b` the content of a STATE record with the rows first … first + n − 1 of a matrix. */
static int put_state(struct bytes *b, const struct checkpoint *c, uint32_t matrix, uint32_t first,
                     uint32_t n, struct error *err)
{
    size_t parts = trainer_parts(c->run.model.optimizer), row = parts * c->run.model.dim;
    b->size = 0;
    if (bytes_put_u32(b, matrix, err) < 0 || bytes_put_u32(b, first, err) < 0 ||
        bytes_put_u32(b, n, err) < 0)
        return -1;
    for (uint32_t i = 0; i < n; i++)
        if (bytes_put_u64(b, c->step[matrix][first + i], err) < 0)
            return -1;
    return bytes_put_f32_array(b, c->value[matrix] + first * row, n * row, err);
}

static int write_records(const struct checkpoint *c, struct vectors_writer *out,
                         struct bytes *record, struct error *err)
{
    uint32_t words = c->run.model.words, dim = c->run.model.dim;
    uint32_t most = vectors_rows_per_record(dim);
    for (uint32_t id = 0, n; id < words; id += n) {
        n = words - id < most ? words - id : most;
        if (vectors_write(out, c->rows + (size_t)id * dim, n, err) < 0)
            return -1;
    }
    if (put_training(record, c, err) < 0 ||
        vectors_write_checkpoint(out, RECORD_TRAINING, record->data, record->size, err) < 0)
        return -1;
    for (uint32_t matrix = 0; matrix < 2; matrix++)
        for (uint32_t id = 0, n; id < words; id += n) {
            n = words - id < most ? words - id : most;
            if (put_state(record, c, matrix, id, n, err) < 0 ||
                vectors_write_checkpoint(out, RECORD_STATE, record->data, record->size, err) < 0)
                return -1;
        }
    return vectors_writer_finish(out, err);
}

int checkpoint_write(const struct checkpoint *c, int fd, const char *name,
                     const struct header *header, struct error *err)
{
    struct vectors_writer out;
    struct bytes record = {0};
    if (vectors_writer_open(&out, fd, name, header, c->run.model.dim, err) < 0)
        return -1;
    int result = write_records(c, &out, &record, err);
    vectors_writer_close(&out);
    free(record.data);
    return result;
}

/* ---- reading ---- */

void checkpoint_check_release(struct checkpoint_check *check)
{
    free(check->step);
    free(check->value);
    *check = (struct checkpoint_check){0};
}

/* Whether the numbers of examples agree with the number of minibatches. */
static bool counts_agree(const struct batches_shape *shape, const struct train_progress *p)
{
    uint64_t per_epoch = batches_per_epoch(shape);
    uint64_t epochs = p->steps / per_epoch, begun = p->steps % per_epoch * shape->batch_size;
    uint64_t latest = begun ? begun : shape->examples;
    return p->examples == epochs * shape->examples + begun && p->epoch_examples == latest;
}

static int check_training(struct checkpoint_check *r, const struct vectors_reader *in,
                          struct cursor *c, struct error *err)
{
    struct trainer_config *model = &r->run.model;
    struct batches_shape *shape = &r->run.shape;
    struct train_progress *p = &r->progress;
    uint32_t optimizer = cursor_u32(c);
    shape->batch_size = cursor_u32(c);
    shape->epochs = cursor_u32(c);
    shape->examples = cursor_u64(c);
    model->lr = cursor_f64(c);
    model->seed = cursor_u64(c);
    r->run.header_hash = cursor_u64(c);
    p->steps = cursor_u64(c);
    p->examples = cursor_u64(c);
    p->total_loss_sum = cursor_f64(c);
    p->epoch_examples = cursor_u64(c);
    p->epoch_loss_sum = cursor_f64(c);
    p->input_hash = cursor_u64(c);
    if (!cursor_exhausted(c))
        return stream_fault(in->stream, err, "TRAINING record of a wrong size");
    if (r->has_training)
        return stream_fault(in->stream, err, "more than one TRAINING record");
    if (optimizer > OPTIMIZER_SGD)
        return stream_fault(in->stream, err, "TRAINING names an unknown optimiser");
    if (!batches_shape_valid(shape) || shape->examples == 0 || p->steps == 0 ||
        p->steps > batches_in_all(shape) || !counts_agree(shape, p))
        return stream_fault(in->stream, err, "the counts in TRAINING do not agree");
    if (!isfinite(model->lr) || !isfinite(p->total_loss_sum) || !isfinite(p->epoch_loss_sum))
        return stream_fault(in->stream, err, "a number in TRAINING is not finite");
    model->optimizer = optimizer;
    model->dim = in->dim;
    model->words = in->header.vocab.words.count;
    r->has_training = true;
    return 0;
}

/* Whether training can resume from this row. */
static bool row_is_valid(const struct checkpoint_check *r, uint64_t step, const float *value)
{
    size_t dim = r->run.model.dim, parts = trainer_parts(r->run.model.optimizer);
    uint64_t latest = r->run.model.optimizer == OPTIMIZER_ADAM ? r->progress.steps : 0;
    if (step > latest || !all_finite(value, parts * dim))
        return false;
    for (size_t i = 2 * dim; i < parts * dim; i++)
        if (value[i] < 0)
            return false;
    return true;
}

static int check_state(struct checkpoint_check *r, const struct vectors_reader *in,
                       struct cursor *c, struct error *err)
{
    uint32_t matrix = cursor_u32(c), words = in->header.vocab.words.count;
    r->first = cursor_u32(c);
    r->count = cursor_u32(c);
    if (!r->has_training)
        return stream_fault(in->stream, err, "STATE record before TRAINING");
    size_t row = (size_t)trainer_parts(r->run.model.optimizer) * in->dim, n = r->count;
    if (n == 0 || r->matrix > 1 || matrix != r->matrix || r->first != r->row ||
        n > words - r->first)
        return stream_fault(in->stream, err, "STATE record out of order");
    if (cursor_left(c) / (8 + 4 * row) < n)
        return stream_fault(in->stream, err, "STATE record of a wrong size");
    if (memory_reserve(&r->step, &r->step_capacity, n, sizeof *r->step, err) < 0 ||
        memory_reserve(&r->value, &r->value_capacity, n * row, sizeof *r->value, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        r->step[i] = cursor_u64(c);
    cursor_f32_array(c, r->value, n * row);
    if (!cursor_exhausted(c))
        return stream_fault(in->stream, err, "STATE record of a wrong size");
    for (size_t i = 0; i < n; i++)
        if (!row_is_valid(r, r->step[i], r->value + i * row))
            return stream_fault(in->stream, err, "the state of word %lu is out of range",
                                (unsigned long)(r->first + i));
    r->row += r->count;
    if (r->row == words) {
        r->matrix++;
        r->row = 0;
    }
    return 0;
}

int checkpoint_check(struct checkpoint_check *check, const struct vectors_reader *in,
                     const struct record *record, struct error *err)
{
    struct cursor c = cursor_over(record->data, record->size);
    return record->type == RECORD_TRAINING ? check_training(check, in, &c, err)
                                           : check_state(check, in, &c, err);
}

int checkpoint_check_end(const struct checkpoint_check *check, const struct vectors_reader *in,
                         struct error *err)
{
    if (check->has_training && check->matrix != 2)
        return stream_fault(in->stream, err, "incomplete checkpoint: STATE records are missing");
    return 0;
}

const float *checkpoint_row(const struct checkpoint_check *r, struct rested_row *rested, uint32_t i)
{
    size_t row = (size_t)trainer_parts(r->run.model.optimizer) * r->run.model.dim;
    return rested_row_weights(rested, r->step[i], r->value + i * row, r->progress.steps);
}

struct reading {
    const struct checkpoint_run *run;
    struct trainer *trainer;
    struct vectors_reader in;
    struct checkpoint_check check;
};

/* The option, with its value, that the checkpoint's model needs to be that of this run; "": none. */
static void missing_option(const struct trainer_config *there, const struct trainer_config *here,
                           char *text, size_t size)
{
    *text = 0;
    if (there->dim != here->dim)
        snprintf(text, size, "--dim=%" PRIu32, there->dim);
    else if (there->optimizer != here->optimizer)
        snprintf(text, size, "--optimizer=%s", there->optimizer == OPTIMIZER_ADAM ? "adam" : "sgd");
    else if (there->lr != here->lr)
        snprintf(text, size, "--lr=%.15g", there->lr); /* as it was typed */
    else if (there->seed != here->seed)
        snprintf(text, size, "--seed=%" PRIu64, there->seed);
}

static int compare_runs(const struct reading *r, struct error *err)
{
    const struct checkpoint_run *here = r->run, *there = &r->check.run;
    char option[64];
    missing_option(&there->model, &here->model, option, sizeof option);
    if (*option)
        return stream_fault(r->in.stream, err, "checkpoint of a run with a different %.*s; give %s",
                            (int)strcspn(option, "="), option, option);
    if (there->shape.batch_size != here->shape.batch_size ||
        there->shape.examples != here->shape.examples ||
        there->shape.epochs != here->shape.epochs || there->header_hash != here->header_hash ||
        there->model.words != here->model.words)
        return stream_fault(r->in.stream, err,
                            "checkpoint of a run with a different input; resume with the same "
                            "minibatches");
    return 0;
}

static int read_record(void *data, const struct record *record, struct error *err)
{
    struct reading *r = data;
    if (checkpoint_check(&r->check, &r->in, record, err) < 0)
        return -1;
    if (record->type == RECORD_TRAINING)
        return compare_runs(r, err);
    struct cursor c = cursor_over(record->data, record->size);
    return r->trainer->methods->restore(r->trainer, matrices[cursor_u32(&c)], r->check.first,
                                        r->check.count, r->check.step, r->check.value, err);
}

static int read_all(struct reading *r, struct error *err)
{
    uint32_t first, count;
    int got;
    while ((got = vectors_read(&r->in, &first, &count, err)) > 0)
        ;
    if (got < 0)
        return -1;
    if (!r->check.has_training)
        return stream_fault(r->in.stream, err, "plain vectors, not a checkpoint");
    return checkpoint_check_end(&r->check, &r->in, err);
}

int checkpoint_read(int fd, const char *name, const struct checkpoint_run *run,
                    struct trainer *trainer, struct train_progress *progress, struct header *header,
                    void (*reading)(void), struct error *err)
{
    struct reading r = {.run = run, .trainer = trainer};
    if (vectors_reader_open(&r.in, fd, name, err) < 0)
        return -1;
    r.in.checkpoint = read_record;
    r.in.checkpoint_data = &r;
    r.in.progress = reading;
    int result = read_all(&r, err);
    if (result == 0) {
        *progress = r.check.progress;
        trainer->methods->resume(trainer, progress->steps);
        *header = r.in.header;
        r.in.header = (struct header){0};
    }
    vectors_reader_close(&r.in);
    checkpoint_check_release(&r.check);
    return result;
}

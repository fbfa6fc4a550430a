/* SPDX-License-Identifier: MIT */
#include "checkpoint.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "vectors.h"

static const enum weights matrices[2] = {WEIGHTS_CENTRE, WEIGHTS_CONTEXT};

/* ---- taking ---- */

static bool all_finite(const float *value, size_t n)
{
    float sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += value[i] * 0.0f; /* 0, or not a number */
    return sum == 0;
}

static int reserve(struct checkpoint *c, struct error *err)
{
    size_t words = c->run.model.words, row = c->run.model.dim;
    size_t kept = row * trainer_parts(c->run.model.optimizer);
    if (c->rows)
        return 0;
    c->rows = memory_new(words, row * sizeof *c->rows, err);
    for (int m = 0; m < 2; m++) {
        c->step[m] = memory_new(words, sizeof *c->step[m], err);
        c->number[m] = memory_new(words, kept * sizeof *c->number[m], err);
    }
    return c->rows && c->step[0] && c->step[1] && c->number[0] && c->number[1] ? 0 : -1;
}

int checkpoint_take(struct checkpoint *c, struct trainer *trainer, const struct checkpoint_run *run,
                    const struct train_progress *progress, struct error *err)
{
    uint32_t words = run->model.words;
    c->run = *run;
    c->progress = *progress;
    if (reserve(c, err) < 0 || trainer->methods->read_back(trainer, 0, words, c->rows, err) < 0)
        return -1;
    for (int m = 0; m < 2; m++)
        if (trainer->methods->save(trainer, matrices[m], 0, words, c->step[m], c->number[m], err) <
            0)
            return -1;
    size_t n = (size_t)words * run->model.dim, parts = trainer_parts(run->model.optimizer);
    if (!all_finite(c->rows, n) || !all_finite(c->number[0], n * parts) ||
        !all_finite(c->number[1], n * parts))
        return error_set(err, STATUS_DIVERGED,
                         "training diverged: after minibatch %llu the model is not finite; try a "
                         "smaller --lr",
                         (unsigned long long)progress->steps);
    return 0;
}

void checkpoint_release(struct checkpoint *c)
{
    free(c->rows);
    for (int m = 0; m < 2; m++) {
        free(c->step[m]);
        free(c->number[m]);
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

/* TRAINING: what checkpoint_run and train_progress have. */
static int put_training(struct bytes *b, const struct checkpoint *c, struct error *err)
{
    const struct checkpoint_run *run = &c->run;
    const struct train_progress *p = &c->progress;
    return bytes_put_u32(b, run->model.optimizer, err) < 0 ||
                   bytes_put_u32(b, run->shape.batch_size, err) < 0 ||
                   bytes_put_u64(b, run->shape.examples, err) < 0 ||
                   bytes_put_u32(b, run->shape.epochs, err) < 0 || bytes_put_u32(b, 0, err) < 0 ||
                   put_f64(b, run->model.lr, err) < 0 ||
                   bytes_put_u64(b, run->model.seed, err) < 0 ||
                   bytes_put_u64(b, run->head_hash, err) < 0 ||
                   bytes_put_u64(b, p->steps, err) < 0 || bytes_put_u64(b, p->examples, err) < 0 ||
                   put_f64(b, p->total_loss, err) < 0 ||
                   bytes_put_u64(b, p->epoch_examples, err) < 0 ||
                   put_f64(b, p->epoch_loss, err) < 0 || bytes_put_u64(b, p->input_hash, err) < 0
               ? -1
               : 0;
}

/* Rows first … first + n − 1 of a matrix as a STATE record. */
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
    return bytes_put_f32_array(b, c->number[matrix] + first * row, n * row, err);
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

int checkpoint_write(const struct checkpoint *c, int fd, const char *name, const struct head *head,
                     struct error *err)
{
    struct vectors_writer out;
    struct bytes record = {0};
    if (vectors_writer_open(&out, fd, name, head, c->run.model.dim, err) < 0)
        return -1;
    int result = write_records(c, &out, &record, err);
    vectors_writer_close(&out);
    free(record.data);
    return result;
}

/* ---- reading ---- */

struct reading {
    const struct checkpoint_run *run;
    struct trainer *trainer;
    struct train_progress *progress;
    struct vectors_reader in;
    bool told;            /* TRAINING was read */
    uint32_t matrix, row; /* the next that STATE has */
    uint64_t *step;
    float *number;
    size_t step_capacity, number_capacity;
};

static int differs(const struct reading *r, const char *what, struct error *err)
{
    return stream_fault(r->in.stream, err, "a checkpoint of a run with another %s", what);
}

static int read_training(struct reading *r, struct cursor *c, struct error *err)
{
    const struct checkpoint_run *run = r->run;
    struct train_progress *p = r->progress;
    uint32_t optimizer = cursor_u32(c), batch_size = cursor_u32(c);
    uint64_t examples = cursor_u64(c);
    uint32_t epochs = cursor_u32(c), unused = cursor_u32(c);
    double lr = cursor_f64(c);
    uint64_t seed = cursor_u64(c), head_hash = cursor_u64(c);
    p->steps = cursor_u64(c);
    p->examples = cursor_u64(c);
    p->total_loss = cursor_f64(c);
    p->epoch_examples = cursor_u64(c);
    p->epoch_loss = cursor_f64(c);
    p->input_hash = cursor_u64(c);
    if (!cursor_exhausted(c) || unused != 0 || r->told)
        return stream_fault(r->in.stream, err, "TRAINING record of a wrong size");
    r->told = true;
    if (r->in.dim != run->model.dim)
        return differs(r, "--dim", err);
    if (optimizer != run->model.optimizer)
        return differs(r, "--optimizer", err);
    if (lr != run->model.lr)
        return differs(r, "--lr", err);
    if (seed != run->model.seed)
        return differs(r, "--seed", err);
    if (batch_size != run->shape.batch_size || examples != run->shape.examples ||
        epochs != run->shape.epochs || head_hash != run->head_hash ||
        r->in.head.vocab.words.count != run->model.words)
        return differs(r, "input", err);
    if (p->steps > batches_in_all(&run->shape) || p->epoch_examples > p->examples ||
        !isfinite(p->total_loss) || !isfinite(p->epoch_loss))
        return stream_fault(r->in.stream, err, "TRAINING out of range");
    return 0;
}

/* Whether a row is one that training can go on from: finite, second moments not negative. */
static bool sound(const struct reading *r, uint64_t step, const float *number)
{
    size_t dim = r->run->model.dim, parts = trainer_parts(r->run->model.optimizer);
    if (step > r->progress->steps || !all_finite(number, parts * dim))
        return false;
    for (size_t i = 2 * dim; i < parts * dim; i++)
        if (number[i] < 0)
            return false;
    return true;
}

static int read_state(struct reading *r, struct cursor *c, struct error *err)
{
    uint32_t matrix = cursor_u32(c), first = cursor_u32(c), n = cursor_u32(c);
    size_t row = (size_t)trainer_parts(r->run->model.optimizer) * r->run->model.dim;
    if (!r->told)
        return stream_fault(r->in.stream, err, "STATE before TRAINING");
    if (n == 0 || r->matrix > 1 || matrix != r->matrix || first != r->row ||
        n > r->run->model.words - first)
        return stream_fault(r->in.stream, err, "STATE out of order");
    if (cursor_left(c) / (8 + 4 * row) < n)
        return stream_fault(r->in.stream, err, "STATE of a wrong size");
    if (memory_reserve(&r->step, &r->step_capacity, n, sizeof *r->step, err) < 0 ||
        memory_reserve(&r->number, &r->number_capacity, n * row, sizeof *r->number, err) < 0)
        return -1;
    for (uint32_t i = 0; i < n; i++)
        r->step[i] = cursor_u64(c);
    cursor_f32_array(c, r->number, n * row);
    if (!cursor_exhausted(c))
        return stream_fault(r->in.stream, err, "STATE of a wrong size");
    for (uint32_t i = 0; i < n; i++)
        if (!sound(r, r->step[i], r->number + i * row))
            return stream_fault(r->in.stream, err, "the state of word %lu is out of range",
                                (unsigned long)(first + i));
    r->row = first + n;
    if (r->row == r->run->model.words) {
        r->matrix++;
        r->row = 0;
    }
    return r->trainer->methods->restore(r->trainer, matrices[matrix], first, n, r->step, r->number,
                                        err);
}

static int read_record(void *data, const struct record *record, struct error *err)
{
    struct reading *r = data;
    struct cursor c = cursor_over(record->data, record->size);
    return record->type == RECORD_TRAINING ? read_training(r, &c, err) : read_state(r, &c, err);
}

static int read_all(struct reading *r, struct error *err)
{
    uint32_t first, count;
    int got;
    while ((got = vectors_read(&r->in, &first, &count, err)) > 0)
        ;
    if (got < 0)
        return -1;
    if (!r->told)
        return stream_fault(r->in.stream, err, "vectors, but no checkpoint");
    if (r->matrix != 2)
        return stream_fault(r->in.stream, err, "a checkpoint without all of its state");
    r->trainer->methods->resume(r->trainer, r->progress->steps);
    return 0;
}

int checkpoint_read(int fd, const char *name, const struct checkpoint_run *run,
                    struct trainer *trainer, struct train_progress *progress, struct error *err)
{
    struct reading r = {.run = run, .trainer = trainer, .progress = progress};
    if (vectors_reader_open(&r.in, fd, name, err) < 0)
        return -1;
    r.in.checkpoint = read_record;
    r.in.checkpoint_data = &r;
    int result = read_all(&r, err);
    vectors_reader_close(&r.in);
    free(r.step);
    free(r.number);
    return result;
}

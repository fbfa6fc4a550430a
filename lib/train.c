/* SPDX-License-Identifier: MIT */
#include "train.h"

#include <math.h>
#include <stdlib.h>

#include "memory.h"
#include "progress.h"
#include "vectors.h"

/* Reads the next minibatch into a slot and prepares it; runs beside the step of the other slot. */
struct next {
    struct batches_reader *in;
    struct trainer *trainer;
    struct minibatch batch[TRAINER_SLOTS];
    unsigned slot;
    int result; /* 1: a minibatch is prepared, 0: the stream has ended, −1: see error */
    struct error error;
};

static void read_next(void *data)
{
    struct next *next = data;
    struct minibatch *batch = &next->batch[next->slot];
    next->result = batches_read(next->in, batch, &next->error);
    if (next->result > 0 &&
        next->trainer->methods->prepare(next->trainer, next->slot, batch, &next->error) < 0)
        next->result = -1;
}

/* Sums from which the means of a train_state are made. */
struct sums {
    double total_loss, epoch_loss;
    uint64_t epoch_examples;
};

static void account(struct train_state *state, struct sums *sums, uint32_t examples, double loss,
                    uint64_t steps_per_epoch)
{
    if (state->step % steps_per_epoch == 0) {
        state->epoch++;
        sums->epoch_loss = 0;
        sums->epoch_examples = 0;
    }
    state->step++;
    state->epoch_done = state->step % steps_per_epoch == 0;
    state->examples += examples;
    sums->total_loss += loss;
    sums->epoch_loss += loss;
    sums->epoch_examples += examples;
    state->loss = loss / examples;
    state->epoch_loss = sums->epoch_loss / (double)sums->epoch_examples;
    state->total_loss = sums->total_loss / (double)state->examples;
}

static int train_from(struct next *next, void (*after_step)(void *, const struct train_state *),
                      void *data, struct error *err)
{
    const struct batches_shape *shape = &next->in->shape;
    struct train_state state = {.steps = batches_in_all(shape)};
    struct sums sums = {0};
    struct beside beside = {read_next, next};
    double start = clock_seconds();
    read_next(next);
    while (next->result > 0) {
        unsigned slot = next->slot;
        next->slot = (slot + 1) % TRAINER_SLOTS;
        double loss;
        if (next->trainer->methods->step(next->trainer, slot, &beside, &loss, err) < 0)
            return -1;
        account(&state, &sums, next->batch[slot].examples, loss, batches_per_epoch(shape));
        state.seconds = clock_seconds() - start;
        if (!isfinite(loss))
            return error_set(err, STATUS_DIVERGED,
                             "training diverged: the loss of epoch %lu, minibatch %llu is not "
                             "finite; try a smaller --lr",
                             (unsigned long)state.epoch, (unsigned long long)state.step);
        after_step(data, &state);
    }
    if (next->result < 0)
        *err = next->error;
    return next->result;
}

int train(struct batches_reader *in, struct trainer *trainer,
          void (*after_step)(void *data, const struct train_state *state), void *data,
          struct error *err)
{
    struct next next = {.in = in, .trainer = trainer};
    int result = train_from(&next, after_step, data, err);
    for (int i = 0; i < TRAINER_SLOTS; i++)
        minibatch_release(&next.batch[i]);
    return result;
}

static int all_finite(const float *row, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (!isfinite(row[i]))
            return 0;
    return 1;
}

static int write_rows(struct trainer *trainer, struct vectors_writer *vectors, uint32_t words,
                      float *rows, struct error *err)
{
    uint32_t dim = vectors->dim, most = vectors_rows_per_record(dim);
    for (uint32_t id = 0, n; id < words; id += n) {
        n = words - id < most ? words - id : most;
        if (trainer->methods->read_back(trainer, id, n, rows, err) < 0)
            return -1;
        for (uint32_t i = 0; i < n; i++)
            if (!all_finite(rows + (size_t)i * dim, dim))
                return error_set(err, STATUS_DIVERGED,
                                 "training diverged: the vector of word %lu is not finite; try a "
                                 "smaller --lr",
                                 (unsigned long)(id + i));
        if (vectors_write(vectors, rows, n, err) < 0)
            return -1;
    }
    return vectors_writer_finish(vectors, err);
}

int train_write(struct trainer *trainer, int fd, const char *name, const struct head *head,
                uint32_t dim, struct error *err)
{
    float *rows = memory_new((size_t)vectors_rows_per_record(dim) * dim, sizeof *rows, err);
    struct vectors_writer vectors;
    if (!rows || vectors_writer_open(&vectors, fd, name, head, dim, err) < 0) {
        free(rows);
        return -1;
    }
    int result = write_rows(trainer, &vectors, head->vocab.words.count, rows, err);
    vectors_writer_close(&vectors);
    free(rows);
    return result;
}

/* SPDX-License-Identifier: MIT */
#include "train/training.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"

/* Reads the next group of minibatches into a slot and prepares it, during the step of the other
 * slot. */
struct prefetch {
    struct batches_reader *in;
    struct trainer *trainer;
    struct minibatch *batch[TRAINER_SLOTS]; /* (trainer->group) each */
    unsigned count[TRAINER_SLOTS];
    uint64_t input_hash[TRAINER_SLOTS]; /* after the group */
    double *loss;                       /* (trainer->group) */
    unsigned slot;
    bool within_epochs; /* a group must not extend beyond the end of an epoch */
    bool ended;         /* END was read */
    int result;         /* 0, or -1: see error */
    struct error error;
};

static bool at_epoch_end(const struct batches_reader *in)
{
    return in->batches % batches_per_epoch(&in->shape) == 0;
}

static void read_next(void *data)
{
    struct prefetch *next = data;
    struct minibatch *batch = next->batch[next->slot];
    unsigned *count = &next->count[next->slot];
    int got = 1;
    bool full = next->ended;
    for (*count = 0; !full; ++*count) {
        got = batches_read(next->in, &batch[*count], &next->error);
        if (got <= 0)
            break;
        next->input_hash[next->slot] = stream_hash(next->in->stream);
        full =
            *count + 1 == next->trainer->group || (next->within_epochs && at_epoch_end(next->in));
    }
    next->ended = next->ended || got == 0;
    next->result = got < 0 ? -1 : 0;
    if (next->result == 0 && *count > 0)
        next->result =
            next->trainer->methods->prepare(next->trainer, next->slot, batch, *count, &next->error);
}

static int notify(const struct train_callbacks *callbacks, const struct train_progress *progress,
                  struct error *err)
{
    return callbacks->between ? callbacks->between(callbacks->data, progress, err) : 0;
}

/* Skips the minibatches that the model was trained on. Returns as `between` does. */
static int skip_batches(struct prefetch *next, const struct train_progress *progress,
                        const struct train_callbacks *callbacks, struct error *err)
{
    for (uint64_t step = 0; step < progress->steps; step++) {
        if (batches_read(next->in, &next->batch[0][0], err) < 0)
            return -1;
        int stop = notify(callbacks, progress, err);
        if (stop != 0)
            return stop;
    }
    if (progress->steps > 0 && stream_hash(next->in->stream) != progress->input_hash)
        return stream_fault(next->in->stream, err,
                            "not the minibatches that the checkpoint was trained on");
    return 0;
}

unsigned long train_epoch(const struct batches_shape *shape, uint64_t step)
{
    return (unsigned long)((step - 1) / batches_per_epoch(shape) + 1);
}

static void update_state(struct train_state *state, struct train_progress *progress,
                         uint32_t examples, double loss, uint64_t steps_per_epoch)
{
    if (progress->steps % steps_per_epoch == 0) {
        progress->epoch_loss_sum = 0;
        progress->epoch_examples = 0;
    }
    state->epoch = (uint32_t)(progress->steps / steps_per_epoch + 1);
    state->step = ++progress->steps;
    state->epoch_done = state->step % steps_per_epoch == 0;
    state->examples += examples;
    progress->examples += examples;
    progress->epoch_examples += examples;
    progress->total_loss_sum += loss;
    progress->epoch_loss_sum += loss;
    state->loss = loss / examples;
    state->epoch_loss = progress->epoch_loss_sum / (double)progress->epoch_examples;
    state->total_loss = progress->total_loss_sum / (double)progress->examples;
}

/* After an epoch: evaluates, using the slot of the latest step. Adds the time it takes to
 * *evaluation_seconds. */
static int evaluate(const struct prefetch *next, unsigned slot, struct train_state *state,
                    const struct train_callbacks *callbacks, double *evaluation_seconds,
                    struct error *err)
{
    if (!callbacks->evaluation || !state->epoch_done)
        return 0;
    double start = clock_seconds();
    if (evaluation_run(callbacks->evaluation, next->trainer, slot, &state->evaluated, err) < 0)
        return -1;
    *evaluation_seconds += clock_seconds() - start;
    return 0;
}

/* Reports the minibatches of a slot, whose losses are in next->loss, as if they had ended one by
 * one between state->seconds and `now`. */
static int report_group(const struct prefetch *next, unsigned slot, double now,
                        struct train_state *state, struct train_progress *progress,
                        const struct train_callbacks *callbacks, double *evaluation_seconds,
                        struct error *err)
{
    progress->input_hash = next->input_hash[slot];
    for (unsigned i = 0, n = next->count[slot]; i < n; i++) {
        state->seconds += (now - state->seconds) / (n - i);
        update_state(state, progress, next->batch[slot][i].examples, next->loss[i],
                     batches_per_epoch(&next->in->shape));
        if (!isfinite(next->loss[i]))
            return error_set(err, STATUS_DIVERGED,
                             "training diverged: the loss of epoch %lu, minibatch %llu is not "
                             "finite; try a smaller --lr",
                             (unsigned long)state->epoch, (unsigned long long)state->step);
        if (evaluate(next, slot, state, callbacks, evaluation_seconds, err) < 0)
            return -1;
        callbacks->after_step(callbacks->data, state);
    }
    return 0;
}

static int train_from(struct prefetch *next, struct train_progress *progress,
                      const struct train_callbacks *callbacks, struct error *err)
{
    struct train_state state = {.steps = batches_in_all(&next->in->shape)};
    struct side_task side_task = {read_next, next};
    int skipped = skip_batches(next, progress, callbacks, err);
    if (skipped != 0)
        return skipped;
    if (next->trainer->read_ahead && stream_read_ahead(next->in->stream, err) < 0)
        return -1;
    double start = clock_seconds(), evaluation_seconds = 0;
    next->within_epochs = callbacks->evaluation != NULL;
    read_next(next);
    while (next->result == 0 && next->count[next->slot] > 0) {
        unsigned slot = next->slot;
        next->slot = (slot + 1) % TRAINER_SLOTS;
        if (next->trainer->methods->step(next->trainer, slot, &side_task, next->loss, err) < 0)
            return -1;
        double now = clock_seconds() - start - evaluation_seconds;
        if (report_group(next, slot, now, &state, progress, callbacks, &evaluation_seconds, err) <
            0)
            return -1;
        int stop = notify(callbacks, progress, err);
        if (stop != 0)
            return stop;
    }
    if (next->result < 0)
        *err = next->error;
    return next->result;
}

int train(struct batches_reader *in, struct trainer *trainer, struct train_progress *progress,
          const struct train_callbacks *callbacks, struct error *err)
{
    struct prefetch next = {.in = in, .trainer = trainer};
    next.loss = memory_new(trainer->group, sizeof *next.loss, err);
    int result = next.loss ? 0 : -1;
    for (int i = 0; i < TRAINER_SLOTS && result == 0; i++) {
        next.batch[i] = memory_new(trainer->group, sizeof *next.batch[i], err);
        result = next.batch[i] ? 0 : -1;
    }
    if (result == 0)
        result = train_from(&next, progress, callbacks, err);
    for (int i = 0; i < TRAINER_SLOTS; i++) {
        for (unsigned b = 0; next.batch[i] && b < trainer->group; b++)
            minibatch_release(&next.batch[i][b]);
        free(next.batch[i]);
    }
    free(next.loss);
    return result;
}

/* SPDX-License-Identifier: MIT */
/* Reading a batch stream; and training on it that resumes after some of its minibatches, as from a
 * checkpoint, with a dummy model. */
#include <stdlib.h>

#include "base/memory.h"
#include "fuzz.h"
#include "train/training.h"

MUTATE_RECORDS

enum { HASHES = 8 };

/* What is found by reading all of it. */
struct contents {
    uint64_t batches;
    uint64_t hash[HASHES]; /* after each of the first minibatches */
};

static void check(const struct batches_reader *in, const struct minibatch *batch)
{
    uint32_t words = in->header.vocab.words.count;
    demand(batch->examples > 0 && batch->examples <= in->shape.batch_size);
    for (uint32_t i = 0; i < batch->examples; i++) {
        demand(batch->centre[i] > 0 && batch->centre[i] < words);
        demand(batch->first[i] <= batch->first[i + 1]);
        demand(batch->contexts[i] > 0 &&
               batch->contexts[i] <= batch->first[i + 1] - batch->first[i]);
    }
    for (uint32_t i = 0; i < minibatch_words(batch); i++)
        demand(batch->word[i] > 0 && batch->word[i] < words);
}

static int read_all(struct contents *contents, struct error *err)
{
    struct batches_reader in;
    struct minibatch batch = {0};
    int got;
    if (batches_reader_open(&in, FUZZ_FD, "input", err) < 0)
        return -1;
    while ((got = batches_read(&in, &batch, err)) > 0) {
        check(&in, &batch);
        if (contents->batches < HASHES)
            contents->hash[contents->batches] = stream_hash(in.stream);
        contents->batches++;
    }
    demand(got < 0 || contents->batches == batches_in_all(&in.shape));
    minibatch_release(&batch);
    batches_reader_close(&in);
    return got;
}

/* ---- a dummy model ---- */

static unsigned prepared[TRAINER_SLOTS];

static int prepare(struct trainer *trainer, unsigned slot, const struct minibatch *batch,
                   unsigned count, struct error *err)
{
    (void)batch, (void)err;
    demand(slot < TRAINER_SLOTS && count > 0 && count <= trainer->group);
    prepared[slot] = count;
    return 0;
}

static int step(struct trainer *trainer, unsigned slot, const struct side_task *side_task,
                double *loss, struct error *err)
{
    (void)trainer, (void)err;
    for (unsigned i = 0; i < prepared[slot]; i++)
        loss[i] = 1;
    side_task->function(side_task->data);
    return 0;
}

static const struct trainer_methods methods = {.prepare = prepare, .step = step};

static void count_step(void *data, const struct train_state *state)
{
    uint64_t *steps = data;
    demand(state->step <= state->steps);
    ++*steps;
}

static int train_on(struct train_progress *progress, unsigned group, uint64_t *steps,
                    struct error *err)
{
    struct batches_reader in;
    struct trainer trainer = {.methods = &methods, .group = group};
    const struct train_callbacks watch = {.data = steps, .after_step = count_step};
    if (batches_reader_open(&in, FUZZ_FD, "input", err) < 0)
        return -1;
    int result = train(&in, &trainer, progress, &watch, err);
    batches_reader_close(&in);
    return result;
}

/* Trains on a valid stream, resuming after `done` minibatches. */
static void resume_training(const struct contents *contents, uint64_t done, unsigned group)
{
    struct error err;
    uint64_t steps = 0;
    struct train_progress progress = {.steps = done};
    if (done > 0) {
        progress.examples = progress.epoch_examples = 1;
        progress.input_hash = contents->hash[done - 1];
    }
    demand_success(train_on(&progress, group, &steps, &err) == 0, &err);
    demand(steps == contents->batches - done && progress.steps == contents->batches);
}

/* The same with the hash of another input, which must be refused. */
static void resume_with_another(const struct contents *contents, uint64_t done)
{
    struct error err;
    uint64_t steps = 0;
    struct train_progress progress = {.steps = done, .input_hash = contents->hash[done - 1] ^ 1};
    demand(train_on(&progress, 1, &steps, &err) < 0);
    demand_refusal(&err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err;
    struct contents contents = {0};
    const struct payload *p = payload_of(STREAM_BATCHES, data, size);
    fuzz_payload(p->bytes.data, p->bytes.size, p->chunk);
    if (read_all(&contents, &err) < 0) {
        demand_refusal(&err);
    } else {
        uint64_t most = contents.batches < HASHES ? contents.batches : HASHES;
        uint64_t done = most > 0 ? p->choice % (most + 1) : 0;
        fuzz_payload(p->bytes.data, p->bytes.size, p->chunk);
        resume_training(&contents, done, 1 + p->choice % 3);
        if (done > 0) {
            fuzz_payload(p->bytes.data, p->bytes.size, p->chunk);
            resume_with_another(&contents, done);
        }
    }
    fuzz_end();
    return 0;
}

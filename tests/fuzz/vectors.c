/* SPDX-License-Identifier: MIT */
/* Reading a vectors stream: only the vectors, all checks of a checkpoint, and resuming from it. */
#include <math.h>
#include <stdlib.h>

#include "fuzz.h"
#include "train/checkpoint.h"

MUTATE_RECORDS

static void give(const struct payload *p)
{
    fuzz_payload(p->bytes.data, p->bytes.size, p->chunk);
}

/* ---- all vectors ---- */

static int read_vectors(struct error *err)
{
    struct vectors_reader in;
    if (vectors_reader_open(&in, FUZZ_FD, "input", err) < 0)
        return -1;
    float *rows = vectors_read_all(&in, err);
    for (size_t i = 0; rows && i < (size_t)in.header.vocab.words.count * in.dim; i++)
        demand(isfinite(rows[i]));
    int result = rows ? 0 : -1;
    free(rows);
    vectors_reader_close(&in);
    return result;
}

/* ---- a checkpoint, record by record ---- */

struct checking {
    struct vectors_reader in;
    struct checkpoint_check check;
};

static int check_record(void *data, const struct record *record, struct error *err)
{
    struct checking *c = data;
    return checkpoint_check(&c->check, &c->in, record, err);
}

/* Fills *run if *told, that is, if the stream has a TRAINING record. */
static int read_checkpoint(struct checkpoint_run *run, bool *told, struct error *err)
{
    struct checking c = {0};
    uint32_t first, count;
    int got;
    if (vectors_reader_open(&c.in, FUZZ_FD, "input", err) < 0)
        return -1;
    c.in.checkpoint = check_record;
    c.in.checkpoint_data = &c;
    while ((got = vectors_read(&c.in, &first, &count, err)) > 0)
        demand(first + count == c.in.rows);
    if (got == 0)
        got = checkpoint_check_end(&c.check, &c.in, err);
    *run = c.check.run;
    *told = c.check.has_training;
    checkpoint_check_release(&c.check);
    vectors_reader_close(&c.in);
    return got;
}

/* ---- resuming ---- */

/* A dummy model that checks the restored rows. */
struct model {
    struct trainer trainer;
    const struct checkpoint_run *run;
    uint32_t rows[2]; /* so far, of V and U */
    bool resumed;
};

static int restore(struct trainer *trainer, enum weights matrix, uint32_t first, uint32_t count,
                   const uint64_t *step, const float *number, struct error *err)
{
    (void)err;
    struct model *m = (struct model *)(void *)trainer;
    size_t parts = trainer_parts(m->run->model.optimizer), dim = m->run->model.dim;
    uint32_t *rows = &m->rows[matrix == WEIGHTS_CONTEXT];
    demand(count > 0 && first == *rows && count <= m->run->model.words - first);
    demand(!m->rows[1] || m->rows[0] == m->run->model.words);
    *rows += count;
    for (uint32_t i = 0; i < count; i++)
        demand(m->run->model.optimizer == OPTIMIZER_ADAM || step[i] == 0);
    for (size_t i = 0; i < count * parts * dim; i++)
        demand(isfinite(number[i]) && (i / dim % parts < 2 || number[i] >= 0));
    return 0;
}

static void resume(struct trainer *trainer, uint64_t steps)
{
    struct model *m = (struct model *)(void *)trainer;
    uint32_t words = m->run->model.words;
    demand(steps > 0 && m->rows[0] == words && m->rows[1] == words);
    m->resumed = true;
}

static const struct trainer_methods methods = {.restore = restore, .resume = resume};

static int resume_run(const struct checkpoint_run *run, struct error *err)
{
    struct model model = {.trainer = {.methods = &methods}, .run = run};
    struct train_progress progress = {0};
    struct header header = {0};
    int result =
        checkpoint_read(FUZZ_FD, "input", run, &model.trainer, &progress, &header, NULL, err);
    header_release(&header);
    demand(model.resumed == (result == 0));
    demand(result < 0 || progress.steps > 0);
    return result;
}

/* Changes one setting of the run. */
static void change(struct checkpoint_run *run, unsigned choice)
{
    switch (choice % 6) {
    case 0:
        run->model.dim++;
        break;
    case 1:
        run->model.optimizer = !run->model.optimizer;
        break;
    case 2:
        run->model.lr = run->model.lr == 1 ? 2 : 1;
        break;
    case 3:
        run->model.seed ^= 1;
        break;
    case 4:
        run->shape.examples++;
        break;
    default:
        run->header_hash ^= 1;
    }
}

/* For a stream with valid vectors. */
static void try_checkpoint(const struct payload *p)
{
    struct error err;
    struct checkpoint_run run;
    bool told = false;
    give(p);
    int checked = read_checkpoint(&run, &told, &err);
    if (checked < 0)
        demand_refusal(&err);
    if (!told)
        return;
    give(p);
    int result = resume_run(&run, &err);
    demand_success(result == checked, &err);
    change(&run, p->choice);
    give(p);
    demand(resume_run(&run, &err) < 0);
    demand_refusal(&err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err;
    const struct payload *p = payload_of(STREAM_VECTORS, data, size);
    give(p);
    if (read_vectors(&err) < 0)
        demand_refusal(&err);
    else
        try_checkpoint(p);
    fuzz_end();
    return 0;
}

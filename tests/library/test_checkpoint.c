/* SPDX-License-Identifier: MIT */
/* Saving a model does not change it, and training of a restored model continues with the same bits,
 * on the CPU and with the CUDA backend (see test_cuda.c). A checkpoint with any content is either
 * accepted or refused; nothing worse happens. */
#include <string.h>
#include <unistd.h>

#include "base/gpu.h"
#include "base/memory.h"
#include "base/temporary_file.h"
#include "minibatch.h"
#include "oracle.h"
#include "tap.h"
#include "train/checkpoint.h"
#include "train/checkpoint_rows.h"
#include "train/trainer_create.h"

enum { WORDS = 40, BATCH = 12, EXAMPLES = 100, EPOCHS = 3, STEPS = 27, DIM_MOST = 100 };

static const struct batches_shape shape = {BATCH, EPOCHS, EXAMPLES};

/* The result of a run: all bits of the model, and the losses. */
struct outcome {
    double loss[STEPS];
    float rows[WORDS * DIM_MOST];
    uint64_t step[2][WORDS];
    float number[2][3 * WORDS * DIM_MOST];
};

static struct outcome *new_outcome(void)
{
    struct error err;
    struct outcome *o = memory_new(1, sizeof *o, &err);
    require(o, &err);
    return o;
}

/* Minibatch number `step`, from 0. Words 30 and above rest: for 3 steps, for 10 steps, for ever. */
static void make_minibatch(struct minibatch *batch, unsigned step)
{
    struct error err;
    uint64_t state = step;
    uint32_t some = step % 4 == 0 ? 34 : 30, most = step % 11 == 0 ? 38 : some;
    uint32_t examples = (step + 1) % (STEPS / EPOCHS) ? BATCH : EXAMPLES % BATCH;
    minibatch_clear(batch);
    for (uint32_t i = 0; i < examples; i++) {
        uint32_t contexts = 1 + draw_below(&state, 5), noise = draw_below(&state, 9);
        uint32_t *word =
            minibatch_add(batch, 1 + draw_below(&state, most - 1), contexts, noise, &err);
        require(word, &err);
        for (uint32_t j = 0; j < contexts + noise; j++)
            word[j] = 1 + draw_below(&state, most - 1);
    }
}

static struct trainer *new_trainer(const char *device, const struct trainer_config *config)
{
    struct error err;
    char note[GPU_NOTE];
    struct trainer *trainer = trainer_create(device, config, note, &err);
    require(trainer, &err);
    return trainer;
}

static void run_steps(struct trainer *trainer, unsigned first, unsigned end,
                      struct minibatch *batch, struct outcome *o)
{
    struct error err;
    for (unsigned step = first; step < end; step++) {
        make_minibatch(batch, step);
        require(trainer->methods->prepare(trainer, step % TRAINER_SLOTS, batch, 1, &err) == 0 &&
                    trainer->methods->step(trainer, step % TRAINER_SLOTS, NULL, &o->loss[step],
                                           &err) == 0,
                &err);
    }
}

/* Reads the model back in two pieces, the second one first. */
static void capture(struct trainer *trainer, const struct trainer_config *config, struct outcome *o)
{
    static const enum weights matrix[2] = {WEIGHTS_CENTRE, WEIGHTS_CONTEXT};
    struct error err;
    size_t parts = trainer_parts(config->optimizer), dim = config->dim;
    for (int piece = 1; piece >= 0; piece--) {
        uint32_t first = piece ? 17 : 0, count = piece ? WORDS - 17 : 17;
        require(trainer->methods->read_back(trainer, first, count, o->rows + first * dim, &err) ==
                    0,
                &err);
        for (int m = 0; m < 2; m++)
            require(trainer->methods->save(trainer, matrix[m], first, count, o->step[m] + first,
                                           o->number[m] + first * dim * parts, &err) == 0,
                    &err);
    }
}

static void put_back(struct trainer *trainer, const struct trainer_config *config, uint64_t steps,
                     const struct outcome *o)
{
    static const enum weights matrix[2] = {WEIGHTS_CENTRE, WEIGHTS_CONTEXT};
    struct error err;
    size_t row = trainer_parts(config->optimizer) * (size_t)config->dim;
    for (int m = 0; m < 2; m++)
        for (uint32_t first = 0, count; first < WORDS; first += count) {
            count = first + 7 < WORDS ? 7 : WORDS - first;
            require(trainer->methods->restore(trainer, matrix[m], first, count, o->step[m] + first,
                                              o->number[m] + first * row, &err) == 0,
                    &err);
        }
    trainer->methods->resume(trainer, steps);
}

/* Whether models are the same, and losses from minibatch `first` on. */
static bool same(const struct outcome *a, const struct outcome *b, unsigned first)
{
    return memcmp(a->rows, b->rows, sizeof a->rows) == 0 &&
           memcmp(a->step, b->step, sizeof a->step) == 0 &&
           memcmp(a->number, b->number, sizeof a->number) == 0 &&
           memcmp(a->loss + first, b->loss + first, (STEPS - first) * sizeof *a->loss) == 0;
}

static struct trainer_config config_of(enum optimizer optimizer, uint32_t dim)
{
    return (struct trainer_config){.words = WORDS,
                                   .dim = dim,
                                   .optimizer = optimizer,
                                   .seed = 3,
                                   .threads = 2,
                                   .lr = 0.01,
                                   .batch_size = BATCH,
                                   .examples = EXAMPLES * EPOCHS,
                                   .steps = STEPS};
}

static const char *name_of(const struct trainer_config *config)
{
    return config->optimizer == OPTIMIZER_ADAM ? "Adam" : "SGD";
}

/* ---- saving and restoring ---- */

static void test_saving(const char *device, const struct trainer_config *config,
                        const struct outcome *expected)
{
    struct outcome *o = new_outcome();
    struct minibatch batch = {0};
    struct trainer *trainer = new_trainer(device, config);
    for (unsigned step = 0; step < STEPS; step++) {
        capture(trainer, config, o);
        run_steps(trainer, step, step + 1, &batch, o);
        capture(trainer, config, o);
        capture(trainer, config, o);
    }
    tap_check(same(o, expected, 0), "%s, %s, dim %u: reading back after every step changes no bit",
              device, name_of(config), (unsigned)config->dim);
    trainer->methods->destroy(trainer);
    minibatch_release(&batch);
    free(o);
}

static void test_restoring(const char *device, const struct trainer_config *config,
                           const struct outcome *expected)
{
    struct outcome *o = new_outcome();
    struct minibatch batch = {0};
    for (unsigned stop = 0; stop <= STEPS; stop += stop < 6 ? 1 : 7) {
        struct trainer_config other = *config;
        struct trainer *trainer = new_trainer(device, config);
        run_steps(trainer, 0, stop, &batch, o);
        capture(trainer, config, o);
        trainer->methods->destroy(trainer);
        other.seed++; /* none of the initial vectors may remain */
        other.threads = 1;
        trainer = new_trainer(device, &other);
        put_back(trainer, config, stop, o);
        run_steps(trainer, stop, STEPS, &batch, o);
        capture(trainer, config, o);
        if (!same(o, expected, 0) || stop == STEPS)
            tap_check(same(o, expected, 0),
                      "%s, %s, dim %u: a restored model gives the same bits, stopped up to step %u",
                      device, name_of(config), (unsigned)config->dim, stop);
        trainer->methods->destroy(trainer);
    }
    minibatch_release(&batch);
    free(o);
}

/* ---- as a stream ---- */

static void make_head(struct header *header)
{
    struct error err;
    char word[8] = "<unk>";
    for (int id = 0; id < WORDS; id++) {
        if (id > 0)
            snprintf(word, sizeof word, "w%d", id);
        require(vocab_append(&header->vocab, word, strlen(word), 1, &err) == 0, &err);
    }
}

static struct train_progress progress_at(unsigned steps)
{
    unsigned epochs = steps / (STEPS / EPOCHS), rest = steps % (STEPS / EPOCHS) * BATCH;
    return (struct train_progress){.steps = steps,
                                   .examples = epochs * EXAMPLES + rest,
                                   .epoch_examples = rest ? rest : EXAMPLES,
                                   .total_loss_sum = 12.5,
                                   .epoch_loss_sum = 0.25,
                                   .input_hash = 99};
}

/* A file with a checkpoint of a model after `steps` steps. */
static int checkpoint_file(struct trainer *trainer, const struct checkpoint_run *run,
                           unsigned steps)
{
    struct error err;
    struct header header = {0};
    struct checkpoint checkpoint = {0};
    struct train_progress progress = progress_at(steps);
    make_head(&header);
    int fd = temporary_file_open(&err);
    require(fd >= 0, &err);
    require(checkpoint_copy(&checkpoint, trainer, run, &progress, &err) == 0 &&
                checkpoint_write(&checkpoint, fd, "checkpoint", &header, &err) == 0,
            &err);
    checkpoint_release(&checkpoint);
    header_release(&header);
    lseek(fd, 0, SEEK_SET);
    return fd;
}

static void test_stream(const char *device, const struct trainer_config *config,
                        const struct outcome *expected)
{
    enum { STOP = 14 };
    struct error err;
    struct outcome *o = new_outcome();
    struct minibatch batch = {0};
    struct checkpoint_run run = {*config, shape, 7};
    struct train_progress progress, wanted = progress_at(STOP);
    struct trainer *trainer = new_trainer(device, config), *again = new_trainer(device, config);
    run_steps(trainer, 0, STOP, &batch, o);
    int fd = checkpoint_file(trainer, &run, STOP);
    struct header header = {0};
    require(checkpoint_read(fd, "checkpoint", &run, again, &progress, &header, NULL, &err) == 0,
            &err);
    header_release(&header);
    run_steps(again, STOP, STEPS, &batch, o);
    capture(again, config, o);
    tap_check(same(o, expected, 0), "%s, %s, dim %u: a model from a checkpoint gives the same bits",
              device, name_of(config), (unsigned)config->dim);
    tap_check(memcmp(&progress, &wanted, sizeof progress) == 0, "and the progress is restored");
    close(fd);
    trainer->methods->destroy(trainer);
    again->methods->destroy(again);
    minibatch_release(&batch);
    free(o);
}

/* ---- as plain vectors ---- */

struct gathered {
    float rows[WORDS * DIM_MOST];
    size_t used, dim;
};

static int gather(void *data, const float *rows, uint32_t count, struct error *err)
{
    (void)err;
    struct gathered *g = data;
    memcpy(g->rows + g->used, rows, count * g->dim * sizeof *rows);
    g->used += count * g->dim;
    return 0;
}

static bool reads(int fd, enum weights matrix, size_t dim, const float *expected)
{
    struct error err;
    struct vectors_reader in;
    struct gathered g = {.dim = dim};
    lseek(fd, 0, SEEK_SET);
    require(vectors_reader_open(&in, fd, "checkpoint", &err) == 0 &&
                checkpoint_rows(&in, matrix, gather, &g, &err) == 0,
            &err);
    vectors_reader_close(&in);
    return g.used == WORDS * dim && memcmp(g.rows, expected, g.used * sizeof *expected) == 0;
}

/* V from a checkpoint equals what a trainer reads back. So does U, once it is restored as the V of
 * another trainer. */
static void test_rows(const struct trainer_config *config)
{
    struct error err;
    struct outcome *o = new_outcome();
    struct minibatch batch = {0};
    struct checkpoint_run run = {*config, shape, 7};
    bool v = true, u = true;
    struct trainer *trainer = new_trainer("cpu", config);
    for (unsigned step = 0; step < STEPS; step++) {
        run_steps(trainer, step, step + 1, &batch, o);
        capture(trainer, config, o);
        int fd = checkpoint_file(trainer, &run, step + 1);
        v = v && reads(fd, WEIGHTS_CENTRE, config->dim, o->rows);
        struct trainer *other = new_trainer("cpu", config);
        require(other->methods->restore(other, WEIGHTS_CENTRE, 0, WORDS, o->step[1], o->number[1],
                                        &err) == 0,
                &err);
        other->methods->resume(other, step + 1);
        require(other->methods->read_back(other, 0, WORDS, o->rows, &err) == 0, &err);
        u = u && reads(fd, WEIGHTS_CONTEXT, config->dim, o->rows);
        other->methods->destroy(other);
        close(fd);
    }
    tap_check(v, "%s, dim %u: V from a checkpoint equals the model's, after every step",
              name_of(config), (unsigned)config->dim);
    tap_check(u, "and so does U");
    trainer->methods->destroy(trainer);
    minibatch_release(&batch);
    free(o);
}

static void test_all(const char *device, enum optimizer optimizer, uint32_t dim)
{
    struct trainer_config config = config_of(optimizer, dim);
    struct outcome *expected = new_outcome();
    struct minibatch batch = {0};
    struct trainer *trainer = new_trainer(device, &config);
    run_steps(trainer, 0, STEPS, &batch, expected);
    capture(trainer, &config, expected);
    trainer->methods->destroy(trainer);
    minibatch_release(&batch);
    test_saving(device, &config, expected);
    test_restoring(device, &config, expected);
    test_stream(device, &config, expected);
    if (strcmp(device, "cpu") == 0)
        test_rows(&config);
    free(expected);
}

/* ---- a model that is not finite ---- */

static void test_divergence(void)
{
    struct error err;
    struct trainer_config config = config_of(OPTIMIZER_ADAM, 5);
    struct checkpoint_run run = {config, shape, 7};
    struct train_progress progress = progress_at(3);
    struct checkpoint checkpoint = {0};
    for (int m = 0; m < 2; m++)
        for (int part = 0; part < 3; part++) {
            static const float bad[2] = {NAN, INFINITY};
            struct outcome *o = new_outcome();
            struct minibatch batch = {0};
            struct trainer *trainer = new_trainer("cpu", &config);
            run_steps(trainer, 0, 3, &batch, o);
            capture(trainer, &config, o);
            o->number[m][(WORDS * 3 - 3 + part) * config.dim + 4] = bad[part % 2];
            put_back(trainer, &config, 3, o);
            tap_check(checkpoint_copy(&checkpoint, trainer, &run, &progress, &err) < 0 &&
                          err.status == STATUS_DIVERGED,
                      "a weight or moment that is not finite, matrix %d, part %d: no checkpoint", m,
                      part);
            trainer->methods->destroy(trainer);
            minibatch_release(&batch);
            free(o);
        }
    checkpoint_release(&checkpoint);
}

/* ---- any content, with correct checksums ---- */

struct kept {
    enum record_type type;
    struct bytes content;
};

enum { KEPT = 16, FORGERIES = 1000 };

static unsigned keep_records(int fd, struct kept *kept)
{
    struct error err;
    struct record record;
    unsigned n = 0;
    int got;
    struct stream_reader *in = stream_reader_open(fd, "checkpoint", STREAM_VECTORS, &err);
    require(in, &err);
    while ((got = stream_read(in, &record, &err)) > 0 && n < KEPT) {
        kept[n].type = record.type;
        kept[n].content = (struct bytes){0};
        require(bytes_put(&kept[n++].content, record.data, record.size, &err) == 0, &err);
    }
    require(got == 0, &err);
    stream_reader_close(in);
    return n;
}

static int write_records(const struct kept *kept, unsigned n)
{
    struct error err;
    const uint64_t totals[STREAM_TOTALS] = {WORDS, 0, 0};
    int fd = temporary_file_open(&err);
    require(fd >= 0, &err);
    struct stream_writer *out = stream_writer_open(fd, "forged", STREAM_VECTORS, &err);
    require(out, &err);
    for (unsigned i = 0; i < n; i++)
        require(stream_write(out, kept[i].type, kept[i].content.data, kept[i].content.size, &err) ==
                    0,
                &err);
    require(stream_writer_finish(out, totals, &err) == 0, &err);
    stream_writer_close(out);
    lseek(fd, 0, SEEK_SET);
    return fd;
}

/* Flips a bit of a record of the checkpoint, sets a number to an extreme value, or truncates it. */
static void damage(struct bytes *content, uint64_t *state)
{
    static const uint32_t extreme[] = {0,          1,          0x7fffffff, 0x80000000,
                                       0xffffffff, 0x7f800000, 0xff800000, 0x7fc00000};
    size_t offset = draw_below(
        state, content->size < 64 || draw_below(state, 2) == 0 ? (uint32_t)content->size : 64);
    switch (draw_below(state, 8)) {
    case 0:
        content->size = offset;
        break;
    case 1:
    case 2:
    case 3:
        if (offset + 4 <= content->size)
            memcpy(content->data + offset / 4 * 4, &extreme[draw_below(state, 8)], 4);
        break;
    default:
        content->data[offset] ^= (uint8_t)(1u << draw_below(state, 8));
    }
}

static void test_forgeries(enum optimizer optimizer)
{
    struct error err;
    struct trainer_config config = config_of(optimizer, 4);
    struct checkpoint_run run = {config, shape, 7};
    struct outcome *o = new_outcome();
    struct minibatch batch = {0};
    struct kept kept[KEPT];
    struct trainer *trainer = new_trainer("cpu", &config);
    run_steps(trainer, 0, 5, &batch, o);
    int fd = checkpoint_file(trainer, &run, 5);
    unsigned n = keep_records(fd, kept), refused = 0, odd = 0;
    close(fd);
    uint64_t state = 5;
    for (int i = 0; i < FORGERIES; i++) {
        struct train_progress progress = {0};
        unsigned which = n - 1 - draw_below(&state, 3); /* TRAINING, V, U */
        struct bytes content = kept[which].content, changed = {0};
        require(bytes_put(&changed, content.data, content.size, &err) == 0, &err);
        damage(&changed, &state);
        kept[which].content = changed;
        fd = write_records(kept, n);
        struct header header = {0};
        if (checkpoint_read(fd, "forged", &run, trainer, &progress, &header, NULL, &err) < 0) {
            refused++;
            odd += err.status != STATUS_INPUT || progress.steps != 0;
        } else { /* training can resume from it, though perhaps without a sensible result */
            run_steps(trainer, 5, 6, &batch, o);
            capture(trainer, &config, o);
        }
        header_release(&header);
        close(fd);
        kept[which].content = content;
        free(changed.data);
    }
    tap_check(odd == 0 && refused > FORGERIES / 10 && refused < FORGERIES,
              "%s: of %d forged checkpoints %u are refused, all with status 3", name_of(&config),
              FORGERIES, refused);
    for (unsigned i = 0; i < n; i++)
        free(kept[i].content.data);
    trainer->methods->destroy(trainer);
    minibatch_release(&batch);
    free(o);
}

int main(int argc, char **argv)
{
    (void)argc;
    use_emulated_gpu(argv[0]);
    static const struct {
        const char *device;
        uint32_t dim;
    } models[] = {{"cpu", 1}, {"cpu", 33}, {"cpu", 100}, {"cuda", 3}, {"cuda", 33}};
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        test_all(models[i].device, OPTIMIZER_ADAM, models[i].dim);
        test_all(models[i].device, OPTIMIZER_SGD, models[i].dim);
    }
    test_divergence();
    test_forgeries(OPTIMIZER_ADAM);
    test_forgeries(OPTIMIZER_SGD);
    return tap_end();
}

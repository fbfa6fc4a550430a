/* SPDX-License-Identifier: MIT */
/* The CUDA backends give the same losses, vectors and neighbours as those of the CPU.
 *
 * Without a GPU the kernels run on the CPU, compiled from the same sources with tests/emulate;
 * that tests their arithmetic, bounds and synchronisation of blocks, but neither races nor speed.
 * With $SGNS_CUDA set to the real shared object they run on the GPU. */
#include <stdlib.h>
#include <string.h>

#include "base/gpu.h"
#include "base/memory.h"
#include "minibatch.h"
#include "oracle.h"
#include "search/knn_create.h"
#include "tap.h"
#include "train/trainer_create.h"

enum { EPOCHS = 3 };

struct shape {
    const char *name;
    uint32_t words, dim, batch_size, window, negatives;
    enum optimizer optimizer;
};

/* ---- training ---- */

/* A word id of at least 1. Small ids are drawn far more often, so that some rows have many
 * entries. */
static uint32_t draw_word(uint32_t words, uint64_t *state)
{
    double unit = draw_between(state, 0, 1);
    return 1 + (uint32_t)(unit * unit * unit * (words - 1));
}

static void make_minibatch(struct minibatch *batch, const struct shape *s, uint32_t examples,
                           uint64_t *state)
{
    struct error err;
    minibatch_clear(batch);
    for (uint32_t i = 0; i < examples; i++) {
        uint32_t contexts = 1 + draw_below(state, 2 * s->window), noise = contexts * s->negatives;
        uint32_t *word = minibatch_add(batch, draw_word(s->words, state), contexts, noise, &err);
        require(word, &err);
        for (uint32_t j = 0; j < contexts + noise; j++)
            word[j] = draw_word(s->words, state);
    }
}

struct outcome {
    double *loss;      /* (minibatches) */
    float *rows;       /* (words, dim) */
    double final_loss; /* of the last minibatch, after all steps */
};

static void release(struct outcome *o)
{
    free(o->loss);
    free(o->rows);
}

/* Evaluates the minibatches that the slot was trained on with the current model; returns the
 * loss of the last one. */
static double evaluate(struct trainer *trainer, unsigned slot, const struct minibatch *batch,
                       unsigned count)
{
    struct error err;
    double *loss = memory_new(count, sizeof *loss, &err);
    require(loss && trainer->methods->prepare(trainer, slot, batch, count, &err) == 0 &&
                trainer->methods->evaluate(trainer, slot, loss, &err) == 0,
            &err);
    double last = loss[count - 1];
    free(loss);
    return last;
}

/* Trains on `minibatches` minibatches in groups of the backend's size, and evaluates after the last
 * group or after every one. The last minibatch of each epoch is short. */
static struct outcome train_on(const char *device, const struct shape *s, unsigned minibatches,
                               bool evaluating)
{
    struct error err;
    char note[GPU_NOTE];
    struct trainer_config config = {.words = s->words,
                                    .dim = s->dim,
                                    .optimizer = s->optimizer,
                                    .seed = 7,
                                    .threads = 2,
                                    .lr = 0.01,
                                    .batch_size = s->batch_size,
                                    .examples = 1000,
                                    .steps = minibatches};
    struct trainer *trainer = trainer_create(device, &config, note, &err);
    require(trainer, &err);
    struct outcome o = {.loss = memory_new(minibatches, sizeof *o.loss, &err),
                        .rows = memory_new((size_t)s->words * s->dim, sizeof *o.rows, &err)};
    struct minibatch *batch = memory_new(trainer->group, sizeof *batch, &err);
    require(o.loss && o.rows && batch, &err);
    uint64_t state = 1;
    unsigned slot = 0;
    for (unsigned done = 0, count; done < minibatches; done += count, slot = !slot) {
        count = minibatches - done < trainer->group ? minibatches - done : trainer->group;
        for (unsigned i = 0; i < count; i++) {
            bool last = (done + i + 1) % (minibatches / EPOCHS) == 0;
            make_minibatch(&batch[i], s, last ? (s->batch_size + 1) / 2 : s->batch_size, &state);
        }
        require(trainer->methods->prepare(trainer, slot, batch, count, &err) == 0 &&
                    trainer->methods->step(trainer, slot, NULL, o.loss + done, &err) == 0,
                &err);
        if (evaluating || done + count == minibatches)
            o.final_loss = evaluate(trainer, slot, batch, count);
    }
    /* In two pieces, as a writer of records does. */
    uint32_t half = s->words / 2;
    require(trainer->methods->read_back(trainer, 0, half, o.rows, &err) == 0 &&
                trainer->methods->read_back(trainer, half, s->words - half,
                                            o.rows + (size_t)half * s->dim, &err) == 0,
            &err);
    for (unsigned i = 0; i < trainer->group; i++)
        minibatch_release(&batch[i]);
    free(batch);
    trainer->methods->destroy(trainer);
    return o;
}

static double distance(const float *a, const float *b, size_t n)
{
    double square = 0, all = 0;
    for (size_t i = 0; i < n; i++) {
        square += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
        all += (double)a[i] * a[i];
    }
    return sqrt(square / all);
}

static void test_training(const struct shape *s, unsigned minibatches)
{
    struct outcome cpu = train_on("cpu", s, minibatches, false),
                   gpu = train_on("cuda", s, minibatches, false),
                   again = train_on("cuda", s, minibatches, true);
    double worst = 0;
    for (unsigned i = 0; i < minibatches; i++)
        worst = largest(worst, fabs(gpu.loss[i] - cpu.loss[i]) / cpu.loss[i]);
    size_t n = (size_t)s->words * s->dim;
    double far = distance(cpu.rows, gpu.rows, n);
    tap_check(worst < 1e-5, "training, %s: losses within %.1e", s->name, worst);
    tap_check(far < 1e-4, "training, %s: vectors within %.1e", s->name, far);
    tap_check(memcmp(gpu.rows, again.rows, n * sizeof *gpu.rows) == 0 &&
                  gpu.final_loss == again.final_loss,
              "training, %s: a second run, with evaluations in between, gives the same bytes",
              s->name);
    double deviation = fabs(gpu.final_loss - cpu.final_loss) / cpu.final_loss;
    tap_check(deviation < 1e-5 && cpu.final_loss != cpu.loss[minibatches - 1],
              "evaluation, %s: loss within %.1e", s->name, deviation);
    release(&cpu);
    release(&gpu);
    release(&again);
}

/* ---- kNN ---- */

static struct knn *new_knn(const char *device, const struct knn_config *config)
{
    struct error err;
    char note[GPU_NOTE];
    struct knn *knn = knn_create(device, config, note, &err);
    require(knn, &err);
    return knn;
}

/* Queries all words for their k nearest, on both devices. Every third query has another vector,
 * between those of two words, and excludes one word more or fewer. */
static void test_knn(const float *rows, uint32_t words, uint32_t dim, uint32_t k, const char *name)
{
    struct error err;
    size_t n = (size_t)words * k;
    struct neighbour *cpu = memory_new(n, sizeof *cpu, &err),
                     *gpu = memory_new(n, sizeof *gpu, &err);
    uint32_t *exclude = memory_new(words, 2 * sizeof *exclude, &err);
    float *between = memory_new((size_t)words * dim, sizeof *between, &err);
    struct knn_query *query = memory_new(words, sizeof *query, &err);
    require(cpu && gpu && exclude && between && query, &err);
    struct knn_config config = {rows, words, dim, words, k, 1};
    for (uint32_t i = 0; i < words; i++) {
        exclude[2 * i] = words - 1 - i;
        exclude[2 * i + 1] = i;
        query[i] = knn_query_word(&config, &exclude[2 * i]);
        if (i % 3)
            continue;
        float *vector = between + (size_t)i * dim;
        for (uint32_t d = 0; d < dim; d++)
            vector[d] = rows[(size_t)i * dim + d] - query[i].vector[d] / 3;
        query[i] = (struct knn_query){vector, &exclude[2 * i], i % 2 * 2};
    }
    struct knn *on_cpu = new_knn("cpu", &config), *on_gpu = new_knn("cuda", &config);
    require(on_cpu->methods->search(on_cpu, query, words, k, cpu, &err) == 0, &err);
    require(on_gpu->methods->search(on_gpu, query, words, k, gpu, &err) == 0, &err);
    double worst = 0;
    size_t other = 0;
    for (size_t i = 0; i < n; i++) {
        if (cpu[i].id != NO_WORD)
            worst = largest(worst, fabs(cpu[i].cosine - gpu[i].cosine));
        other += cpu[i].id != gpu[i].id;
    }
    tap_check(worst < 1e-12 && other == 0,
              "kNN, %s, %u words × %u, k = %u: same words, cosines within %.1e", name,
              (unsigned)words, (unsigned)dim, (unsigned)k, worst);
    on_cpu->methods->destroy(on_cpu);
    on_gpu->methods->destroy(on_gpu);
    free(cpu);
    free(gpu);
    free(exclude);
    free(between);
    free(query);
}

static void test_knn_shapes(void)
{
    static const struct {
        uint32_t words, dim, k;
    } shapes[] = {{2, 1, 1},      {30, 3, 29},     {200, 31, 10},
                  {200, 33, 100}, {1500, 100, 10}, {60, 300, 7}};
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        struct error err;
        size_t n = (size_t)shapes[s].words * shapes[s].dim;
        float *rows = memory_new(n, sizeof *rows, &err);
        require(rows, &err);
        uint64_t state = s + 1;
        for (size_t i = 0; i < n; i++)
            rows[i] = (float)draw_between(&state, -1, 1);
        test_knn(rows, shapes[s].words, shapes[s].dim, shapes[s].k, "random");
        /* Equal rows (ties are ordered by id), zero rows, and rows so short that the 1e-9
         * matters. */
        for (size_t i = 0; i < n; i++) {
            uint32_t id = (uint32_t)(i / shapes[s].dim);
            rows[i] = id % 5 == 1   ? rows[i % shapes[s].dim]
                      : id % 5 == 2 ? 0.0f
                      : id % 5 == 3 ? rows[i] * 1e-4f
                                    : rows[i];
        }
        test_knn(rows, shapes[s].words, shapes[s].dim, shapes[s].k, "ties and short rows");
        free(rows);
    }
}

/* Sixty copies of a row, in two blocks of the vocabulary, and queries near that row: in float32 the
 * copies of one block can beat those of the other. */
static void test_knn_copies(void)
{
    enum { WORDS = 40000, DIM = 20, QUERIES = 32, K = 10 };
    struct error err;
    float *rows = memory_new((size_t)WORDS * DIM, sizeof *rows, &err), near[QUERIES][DIM];
    require(rows, &err);
    struct knn_query query[QUERIES];
    struct neighbour cpu[QUERIES * K], gpu[QUERIES * K];
    struct knn_config config = {rows, WORDS, DIM, QUERIES, K, 1};
    uint64_t state = 5;
    for (size_t i = 0; i < (size_t)WORDS * DIM; i++)
        rows[i] = (float)draw_between(&state, -1, 1);
    for (size_t copy = 0; copy < 60; copy++)
        memcpy(rows + (100 + 660 * copy) * DIM, rows + 7 * DIM, DIM * sizeof *rows);
    for (int i = 0; i < QUERIES; i++) {
        for (int d = 0; d < DIM; d++)
            near[i][d] = rows[7 * DIM + d] + (float)draw_between(&state, -0.3, 0.3);
        query[i] = (struct knn_query){near[i], NULL, 0};
    }
    struct knn *on_cpu = new_knn("cpu", &config), *on_gpu = new_knn("cuda", &config);
    require(on_cpu->methods->search(on_cpu, query, QUERIES, K, cpu, &err) == 0, &err);
    require(on_gpu->methods->search(on_gpu, query, QUERIES, K, gpu, &err) == 0, &err);
    int other = 0;
    for (int i = 0; i < QUERIES * K; i++)
        other += cpu[i].id != gpu[i].id;
    tap_check(other == 0 && cpu[0].id == 7 && cpu[K - 1].id == 100 + 660 * (K - 2),
              "kNN, 60 copies of a row in two blocks: same words, %d differ", other);
    on_cpu->methods->destroy(on_cpu);
    on_gpu->methods->destroy(on_gpu);
    free(rows);
}

/* The number of neighbours that a device supports. */
static void test_knn_limit(void)
{
    static const float rows[1200];
    struct error err;
    char note[GPU_NOTE];
    struct knn_config config = {rows, 1200, 1, 1200, 1016, 1};
    struct knn *most = knn_create("cuda", &config, note, &err);
    tap_check(most && strncmp(most->device, "cuda:", 5) == 0,
              "1,016 neighbours are found on the GPU");
    if (most)
        most->methods->destroy(most);
    config.k++;
    tap_check(!knn_create("cuda", &config, note, &err) && err.status == STATUS_DEVICE,
              "1,017 neighbours are refused with status 4: %s", err.text);
    config.queries = UINT64_C(1) << 50;
    struct knn *other = knn_create("auto", &config, note, &err);
    tap_check(other && strcmp(other->device, "cpu") == 0 && *note != 0,
              "auto uses the CPU for 1,017 neighbours and reports why: %s", note);
    if (other)
        other->methods->destroy(other);
}

/* ---- failures ---- */

static void test_refusals(void)
{
    struct error err;
    char note[GPU_NOTE];
    struct trainer_config config = {.words = 10,
                                    .dim = 4096,
                                    .seed = 1,
                                    .threads = 1,
                                    .lr = 0.01,
                                    .batch_size = 8,
                                    .examples = 8,
                                    .steps = 1};
    tap_check(!trainer_create("cuda", &config, note, &err) && err.status == STATUS_DEVICE,
              "4,096 dimensions are refused with status 4: %s", err.text);
    config.dim = 100;
    tap_check(!trainer_create("cuda:99", &config, note, &err) && err.status == STATUS_USAGE,
              "a GPU that does not exist is refused with status 2: %s", err.text);
    struct trainer *small = trainer_create("auto", &config, note, &err);
    tap_check(small && strcmp(small->device, "cpu") == 0, "auto uses the CPU for a small training");
    if (small)
        small->methods->destroy(small);
    config.examples = 100000000;
    struct trainer *large = trainer_create("auto", &config, note, &err);
    tap_check(large && strncmp(large->device, "cuda:", 5) == 0,
              "auto uses the GPU for a large training");
    if (large)
        large->methods->destroy(large);
}

int main(int argc, char **argv)
{
    (void)argc;
    use_emulated_gpu(argv[0]);
    /* A group has at most 64 minibatches: 66 make two groups. */
    static const struct shape shapes[] = {
        {"dim 1", 50, 1, 5, 2, 2, OPTIMIZER_ADAM},
        {"dim 3", 50, 3, 7, 2, 3, OPTIMIZER_ADAM},
        {"dim 31", 80, 31, 12, 3, 5, OPTIMIZER_ADAM},
        {"dim 33", 80, 33, 12, 3, 5, OPTIMIZER_ADAM},
        {"dim 100", 200, 100, 24, 5, 5, OPTIMIZER_ADAM},
        {"dim 300", 60, 300, 6, 3, 5, OPTIMIZER_ADAM},
        {"dim 600", 20, 600, 3, 2, 2, OPTIMIZER_ADAM},
        {"2 words", 2, 10, 4, 1, 1, OPTIMIZER_ADAM},
        {"one example per minibatch", 40, 20, 1, 5, 5, OPTIMIZER_ADAM},
        {"SGD, dim 3", 50, 3, 7, 2, 3, OPTIMIZER_SGD},
        {"SGD, dim 100", 200, 100, 24, 5, 5, OPTIMIZER_SGD},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        test_training(&shapes[i], 66);
    static const struct shape many = {"70,000 words", 70000, 8, 6, 3, 4, OPTIMIZER_ADAM};
    test_training(&many, 12);
    test_knn_shapes();
    test_knn_copies();
    test_knn_limit();
    test_refusals();
    return tap_end();
}

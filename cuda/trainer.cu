/* SPDX-License-Identifier: MIT */
/* Training on a GPU: does the same as lib/train/trainer_cpu.c, for a group of minibatches at a
 * time.
 *
 * `prepare` copies a group to the device and indexes it there (row_index.cuh), on a stream of its
 * own, during training on the previous group. `step` is one cooperative kernel that processes the
 * group's minibatches in order. For each minibatch, all blocks of the grid run two phases, each
 * followed by a barrier of the whole grid:
 *
 *   1. Examples, one block per example: logits, loss, derivatives. A warp processes a word; the
 *      lanes share its row.
 *   2. Rows, one warp per row, or one block for a row with more than 32 entries: gradients are
 *      summed and rows updated; also, the rows that the next minibatch touches but this one does not
 *      are brought up to date (lib/train/adam.h).
 *
 * No sum uses atomics: every sum is computed by one warp or block, in one order, so that two runs
 * on one device give the same bytes.
 */
#include "trainer.cuh"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

#include "backends.cuh"

namespace
{

const uint32_t GROUP_EXAMPLES = 1 << 15, GROUP_BATCHES = 64;
const uint32_t CUDA_DIM_MAX = 1024;

void destroy(struct trainer *trainer)
{
    trainer_cuda *t = from_base(trainer);
    for (slot_buffers &s : t->slot) {
        s.staged.release();
        s.sent.release();
        s.owner.release();
        s.coefficient.release();
        s.loss.release();
        s.rows.release();
        s.batch_loss.release();
        s.host_batch_loss.release();
        s.host_loss.release();
        s.context_rows.release();
        s.centre_rows.release();
        if (s.ready)
            cudaEventDestroy(s.ready);
    }
    if (t->feed)
        cudaStreamDestroy(t->feed);
    if (t->train)
        cudaStreamDestroy(t->train);
    cudaFree(t->m.centre.rows);
    cudaFree(t->m.centre.step);
    cudaFree(t->m.context.rows);
    cudaFree(t->m.context.step);
    cudaFree(t->m.adam.table);
    delete t;
}

/* ---- step ---- */

int launch_training(trainer_cuda *t, slot_buffers &s, struct error *err)
{
    train_task task = {t->m, s.g};
    void *arguments[] = {&task};
    return cuda_check(cudaStreamWaitEvent(t->train, s.ready, 0), "training", err) < 0 ||
                   cuda_check(cudaLaunchCooperativeKernel(t->kernels.train_group, dim3(t->blocks),
                                                          dim3(BLOCK), arguments, t->shared_bytes,
                                                          t->train),
                              "training", err) < 0 ||
                   cuda_check(cudaMemcpyAsync(s.host_batch_loss.data, s.batch_loss.data,
                                              s.g.batches * sizeof(double), cudaMemcpyDeviceToHost,
                                              t->train),
                              "training", err) < 0
               ? -1
               : 0;
}

int step(struct trainer *trainer, unsigned slot, const struct side_task *side_task, double *loss,
         struct error *err)
{
    trainer_cuda *t = from_base(trainer);
    slot_buffers &s = t->slot[slot];
    s.g.steps = t->steps;
    if (launch_training(t, s, err) < 0)
        return note_failure(t, -1);
    if (side_task)
        side_task->function(side_task->data);
    if (cuda_check(cudaStreamSynchronize(t->train), "training", err) < 0)
        return note_failure(t, -1);
    t->steps += s.g.batches;
    for (uint32_t b = 0; b < s.g.batches; b++)
        loss[b] = s.host_batch_loss.data[b];
    return 0;
}

/* Sums the examples' losses on the host, for each minibatch, in the order of the examples. */
int evaluate(struct trainer *trainer, unsigned slot, double *loss, struct error *err)
{
    const char *what = "evaluating";
    trainer_cuda *t = from_base(trainer);
    slot_buffers &s = t->slot[slot];
    const uint32_t *batch_first = s.staged.data; /* the first of the staged arrays */
    size_t examples = batch_first[s.g.batches];
    s.g.steps = t->steps;
    train_task task = {t->m, s.g};
    if (s.host_loss.reserve(examples, "allocating memory for minibatches", err) < 0 ||
        cuda_check(cudaStreamWaitEvent(t->train, s.ready, 0), what, err) < 0 ||
        cuda_launch(t->kernels.evaluate_group, task, examples * LANES_IN_WARP, t->train, what,
                    err) < 0 ||
        cuda_check(cudaMemcpyAsync(s.host_loss.data, s.loss.data, examples * sizeof(float),
                                   cudaMemcpyDeviceToHost, t->train),
                   what, err) < 0 ||
        cuda_check(cudaStreamSynchronize(t->train), what, err) < 0)
        return note_failure(t, -1);
    for (uint32_t b = 0; b < s.g.batches; b++) {
        loss[b] = 0;
        for (uint32_t i = batch_first[b]; i < batch_first[b + 1]; i++)
            loss[b] += s.host_loss.data[i];
    }
    return 0;
}

void resume(struct trainer *trainer, uint64_t steps)
{
    from_base(trainer)->steps = steps;
}

/* ---- create ---- */

/* Creates a table with the initial weights of V (WEIGHTS_CENTRE) or U (WEIGHTS_CONTEXT), and
 * moments of zero. */
int create_table(trainer_cuda *t, weight_table *table, enum weights matrix,
                 const struct xavier *xavier, struct error *err)
{
    const char *what = "allocating memory for the model";
    const uint32_t rows_at_once = 1024;
    size_t row = 4 * (size_t)t->m.row_stride, bytes = row * sizeof(float);
    if (cuda_check(cudaMalloc((void **)&table->rows, t->words * bytes), what, err) < 0 ||
        cuda_check(cudaMalloc((void **)&table->step, t->words * sizeof *table->step), what, err) <
            0 ||
        cuda_check(cudaMemset(table->step, 0, t->words * sizeof *table->step), what, err) < 0)
        return -1;
    float *staged = (float *)malloc(rows_at_once * bytes);
    if (!staged)
        return error_set(err, STATUS_FAILED, "out of memory: cannot allocate %.3g MB",
                         rows_at_once * bytes / 1e6);
    int result = 0;
    for (uint32_t id = 0, n; id < t->words && result == 0; id += n) {
        n = t->words - id < rows_at_once ? t->words - id : rows_at_once;
        memset(staged, 0, n * bytes);
        for (uint32_t i = 0; i < n; i++)
            xavier_fill(xavier, matrix, (uint64_t)(id + i) * t->dim, staged + i * row, t->dim);
        result = cuda_check(
            cudaMemcpy((char *)table->rows + id * bytes, staged, n * bytes, cudaMemcpyHostToDevice),
            what, err);
    }
    free(staged);
    return result;
}

int create_adam(trainer_cuda *t, double lr, struct error *err)
{
    struct adam host;
    if (adam_init(&host, lr, err) < 0)
        return -1;
    t->m.adam = host;
    t->m.adam.table = nullptr;
    size_t bytes = ADAM_TABLE * sizeof *host.table;
    const char *what = "allocating memory for the model";
    int result = cuda_check(cudaMalloc((void **)&t->m.adam.table, bytes), what, err);
    if (result == 0)
        result = cuda_check(cudaMemcpy(t->m.adam.table, host.table, bytes, cudaMemcpyHostToDevice),
                            what, err);
    adam_release(&host);
    return result;
}

int check_memory(const trainer_cuda *t, struct error *err)
{
    double needed = 2.0 * t->words * (4.0 * t->m.row_stride * sizeof(float) + sizeof(uint64_t)) +
                    ADAM_TABLE * sizeof(double);
    return cuda_check_free(needed, "the model needs",
                           "; use another device, a smaller --dim, or --device=cpu", err);
}

/* Chooses the number of blocks: as many as can run at the same time, but at most the examples of a
 * minibatch. */
int plan_grid(trainer_cuda *t, int device, uint32_t batch_size, struct error *err)
{
    const char *what = "configuring the kernel";
    int processors = 0, blocks_each = 0;
    t->kernels = train_kernels_for(t->quads);
    t->shared_bytes = WARPS * (t->quads * sizeof(float4) + sizeof(float) + sizeof(uint32_t));
    if (cuda_check(cudaFuncSetAttribute(t->kernels.train_group,
                                        cudaFuncAttributeMaxDynamicSharedMemorySize,
                                        (int)t->shared_bytes),
                   what, err) < 0 ||
        cuda_check(cudaDeviceGetAttribute(&processors, cudaDevAttrMultiProcessorCount, device),
                   what, err) < 0 ||
        cuda_check(cudaOccupancyMaxActiveBlocksPerMultiprocessor(
                       &blocks_each, t->kernels.train_group, (int)BLOCK, t->shared_bytes),
                   what, err) < 0)
        return -1;
    unsigned most = (unsigned)(processors * blocks_each);
    if (most == 0)
        return error_set(err, STATUS_DEVICE, "GPU: too small for vectors of dimension %u",
                         (unsigned)t->dim);
    t->blocks = batch_size < most ? batch_size : most;
    return 0;
}

int create(trainer_cuda *t, int device, const struct trainer_config *config, struct error *err)
{
    const char *what = "initialising";
    struct xavier xavier = xavier_init(t->words, t->dim, config->seed);
    t->m.quads = t->quads;
    t->m.row_stride = trainer_parts(config->optimizer) * t->quads;
    t->m.optimizer = config->optimizer;
    t->m.lr = config->lr;
    t->m.steps = config->steps;
    if (cuda_check(cudaSetDevice(device), what, err) < 0 || check_memory(t, err) < 0 ||
        plan_grid(t, device, config->batch_size, err) < 0 ||
        cuda_check(cudaStreamCreateWithFlags(&t->feed, cudaStreamNonBlocking), what, err) < 0 ||
        cuda_check(cudaStreamCreateWithFlags(&t->train, cudaStreamNonBlocking), what, err) < 0)
        return -1;
    for (slot_buffers &s : t->slot)
        if (cuda_check(cudaEventCreateWithFlags(&s.ready, cudaEventDisableTiming), what, err) < 0)
            return -1;
    return create_adam(t, config->lr, err) < 0 ||
                   create_table(t, &t->m.centre, WEIGHTS_CENTRE, &xavier, err) < 0 ||
                   create_table(t, &t->m.context, WEIGHTS_CONTEXT, &xavier, err) < 0 ||
                   cuda_check(cudaDeviceSynchronize(), what, err) < 0
               ? -1
               : 0;
}

const struct trainer_methods methods = {
    trainer_prepare, step,   evaluate, trainer_read_back, trainer_save,
    trainer_restore, resume, destroy};

} // namespace

void *cuda_trainer_create(int device, const void *configuration, char *note, struct error *err)
{
    const struct trainer_config *config = (const struct trainer_config *)configuration;
    if (config->dim > CUDA_DIM_MAX) {
        error_set(err, STATUS_DEVICE, "GPU: at most %u dimensions are supported; use --device=cpu",
                  (unsigned)CUDA_DIM_MAX);
        return nullptr;
    }
    trainer_cuda *t = new (std::nothrow) trainer_cuda();
    if (!t) {
        error_set(err, STATUS_FAILED, "out of memory");
        return nullptr;
    }
    t->base.methods = &methods;
    snprintf(t->base.device, sizeof t->base.device, "cuda:%d", device);
    uint32_t group = GROUP_EXAMPLES / config->batch_size;
    t->base.group = group < 1 ? 1 : group > GROUP_BATCHES ? GROUP_BATCHES : group;
    t->base.read_ahead = true;
    t->words = config->words;
    t->dim = config->dim;
    t->quads = (config->dim + 3) / 4;
    if (create(t, device, config, err) < 0 || cuda_describe(device, note, err) < 0) {
        destroy(&t->base);
        return nullptr;
    }
    return &t->base;
}

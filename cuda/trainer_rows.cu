/* SPDX-License-Identifier: MIT */
/* Copies rows of the model to the host and back: for results and checkpoints. */
#include <cstring>

#include "trainer.cuh"

namespace
{

/* Copies rows of a table with their moments to `out` (count × 4 · row_stride), advanced to the
 * state after `step`; 0: as stored. */
int collect_rows(trainer_cuda *t, const weight_table &from, uint32_t first, uint32_t count,
                 uint64_t step, pinned_array<float> &out, struct error *err)
{
    const char *what = "reading vectors back";
    size_t quads = (size_t)count * t->m.row_stride;
    device_array<float4> collected;
    int result = t->failed ? error_set(err, STATUS_DEVICE,
                                       "GPU: the device was lost; its vectors cannot be saved")
                           : 0;
    if (result == 0 &&
        (collected.reserve(quads, what, err) < 0 || out.reserve(4 * quads, what, err) < 0))
        result = -1;
    collect_task task = {t->m, from, first, count, step, collected.data};
    if (result == 0 && (cuda_launch(t->kernels.collect, task, (size_t)count * LANES_IN_WARP,
                                    t->train, what, err) < 0 ||
                        cuda_check(cudaMemcpyAsync(out.data, collected.data, quads * sizeof(float4),
                                                   cudaMemcpyDeviceToHost, t->train),
                                   what, err) < 0 ||
                        cuda_check(cudaStreamSynchronize(t->train), what, err) < 0))
        result = -1;
    collected.release();
    return note_failure(t, result);
}

const weight_table &table_of(const trainer_cuda *t, enum weights matrix)
{
    return matrix == WEIGHTS_CENTRE ? t->m.centre : t->m.context;
}

} // namespace

int trainer_read_back(struct trainer *trainer, uint32_t first, uint32_t count, float *rows,
                      struct error *err)
{
    trainer_cuda *t = from_base(trainer);
    pinned_array<float> out;
    uint64_t step = t->m.optimizer == OPTIMIZER_ADAM ? t->steps : 0;
    int result = collect_rows(t, t->m.centre, first, count, step, out, err);
    for (uint32_t i = 0; i < count && result == 0; i++)
        memcpy(rows + (size_t)i * t->dim, out.data + (size_t)i * 4 * t->m.row_stride,
               t->dim * sizeof *rows);
    out.release();
    return result;
}

int trainer_save(struct trainer *trainer, enum weights matrix, uint32_t first, uint32_t count,
                 uint64_t *step, float *value, struct error *err)
{
    trainer_cuda *t = from_base(trainer);
    const weight_table &from = table_of(t, matrix);
    pinned_array<float> out;
    size_t parts = t->m.row_stride / t->quads;
    int result = collect_rows(t, from, first, count, 0, out, err);
    if (result == 0)
        result =
            note_failure(t, cuda_check(cudaMemcpy(step, from.step + first, count * sizeof *step,
                                                  cudaMemcpyDeviceToHost),
                                       "reading vectors back", err));
    for (size_t i = 0; i < count * parts && result == 0; i++)
        memcpy(value + i * t->dim, out.data + i * 4 * t->quads, t->dim * sizeof *value);
    out.release();
    return result;
}

int trainer_restore(struct trainer *trainer, enum weights matrix, uint32_t first, uint32_t count,
                    const uint64_t *step, const float *value, struct error *err)
{
    const char *what = "restoring a checkpoint";
    trainer_cuda *t = from_base(trainer);
    const weight_table &to = table_of(t, matrix);
    size_t parts = t->m.row_stride / t->quads, floats = 4 * (size_t)t->m.row_stride * count;
    pinned_array<float> staged;
    int result = staged.reserve(floats, what, err);
    if (result == 0)
        memset(staged.data, 0, floats * sizeof(float));
    for (size_t i = 0; i < count * parts && result == 0; i++)
        memcpy(staged.data + i * 4 * t->quads, value + i * t->dim, t->dim * sizeof *value);
    if (result == 0 &&
        (cuda_check(cudaMemcpy(to.rows + (size_t)first * t->m.row_stride, staged.data,
                               floats * sizeof(float), cudaMemcpyHostToDevice),
                    what, err) < 0 ||
         cuda_check(cudaMemcpy(to.step + first, step, count * sizeof *step, cudaMemcpyHostToDevice),
                    what, err) < 0 ||
         cuda_check(cudaDeviceSynchronize(), what, err) <
             0)) /* before the training stream uses it */
        result = -1;
    staged.release();
    return note_failure(t, result);
}

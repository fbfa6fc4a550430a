/* SPDX-License-Identifier: MIT */
#include "train/trained_vectors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "stream/vectors.h"
#include "train/rested_row.h"
#include "train/training.h"

struct writing {
    struct trainer *trainer;
    enum weights matrix;
    const struct trainer_config *model;
    uint64_t steps; /* of all epochs */
    unsigned long epoch;
    struct vectors_writer out;
    void (*progress)(uint64_t rows);
    float *rows; /* (vectors_rows_per_record × dim) */

    /* Only for U, which the trainer returns as it stores it: */
    struct rested_row rested;
    uint64_t *step; /* (vectors_rows_per_record) */
    float *value;   /* (vectors_rows_per_record × trainer_parts × dim) */
};

static int init(struct writing *w, struct error *err)
{
    uint32_t most = vectors_rows_per_record(w->model->dim);
    size_t dim = w->model->dim, parts = trainer_parts(w->model->optimizer);
    if (!(w->rows = memory_new(most, dim * sizeof *w->rows, err)))
        return -1;
    if (w->matrix == WEIGHTS_CENTRE)
        return 0;
    w->step = memory_new(most, sizeof *w->step, err);
    w->value = w->step ? memory_new(most, parts * dim * sizeof *w->value, err) : NULL;
    return w->value ? rested_row_init(&w->rested, w->model, err) : -1;
}

static void release(struct writing *w)
{
    free(w->rows);
    free(w->step);
    free(w->value);
    rested_row_release(&w->rested);
}

/* Reads rows first … first + n − 1 into w->rows. */
static int read_rows(struct writing *w, uint32_t first, uint32_t n, struct error *err)
{
    const struct trainer_methods *methods = w->trainer->methods;
    size_t dim = w->model->dim, kept = dim * trainer_parts(w->model->optimizer);
    if (w->matrix == WEIGHTS_CENTRE)
        return methods->read_back(w->trainer, first, n, w->rows, err);
    if (methods->save(w->trainer, w->matrix, first, n, w->step, w->value, err) < 0)
        return -1;
    for (uint32_t i = 0; i < n; i++)
        memcpy(w->rows + i * dim,
               rested_row_weights(&w->rested, w->step[i], w->value + i * kept, w->steps),
               dim * sizeof *w->rows);
    return 0;
}

static bool all_finite(const float *row, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (!isfinite(row[i]))
            return false;
    return true;
}

static int write_rows(struct writing *w, uint32_t first, uint32_t n, struct error *err)
{
    uint32_t dim = w->model->dim;
    if (read_rows(w, first, n, err) < 0)
        return -1;
    for (uint32_t i = 0; i < n; i++)
        if (!all_finite(w->rows + (size_t)i * dim, dim))
            return error_set(err, STATUS_DIVERGED,
                             "training diverged: after epoch %lu, minibatch %llu the vector of "
                             "word %lu is not finite; try a smaller --lr",
                             w->epoch, (unsigned long long)w->steps, (unsigned long)(first + i));
    return vectors_write(&w->out, w->rows, n, err);
}

static int write_all(struct writing *w, struct error *err)
{
    uint32_t words = w->model->words, most = vectors_rows_per_record(w->model->dim);
    for (uint32_t id = 0, n; id < words; id += n) {
        n = words - id < most ? words - id : most;
        if (write_rows(w, id, n, err) < 0)
            return -1;
        if (w->progress)
            w->progress((uint64_t)id + n);
    }
    return vectors_writer_finish(&w->out, err);
}

int trained_vectors_write(struct trainer *trainer, enum weights matrix,
                          const struct trainer_config *model, const struct batches_shape *shape,
                          const struct header *header, int fd, const char *name,
                          void (*progress)(uint64_t rows), struct error *err)
{
    uint64_t steps = batches_in_all(shape);
    struct writing w = {.trainer = trainer,
                        .matrix = matrix,
                        .model = model,
                        .steps = steps,
                        .epoch = train_epoch(shape, steps),
                        .progress = progress};
    int result = init(&w, err);
    if (result == 0)
        result = vectors_writer_open(&w.out, fd, name, header, model->dim, err);
    if (result == 0) {
        result = write_all(&w, err);
        vectors_writer_close(&w.out);
    }
    release(&w);
    return result;
}

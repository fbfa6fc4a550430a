/* SPDX-License-Identifier: MIT */
#include "checkpoint_rows.h"

#include <stdlib.h>
#include <string.h>

#include "checkpoint.h"
#include "kernels.h"
#include "memory.h"

struct reading {
    struct vectors_reader *in;
    uint32_t matrix; /* as STATE has it */
    int (*take)(void *data, const float *rows, uint32_t count, struct error *err);
    void *data;
    struct checkpoint_check check;
    const struct kernels *kernels;
    struct adam adam;
    size_t stride;
    float *row;  /* (3 × stride) weights and moments, as the kernels want them */
    float *rows; /* (count of the record × dim) */
    size_t capacity;
};

static int start(struct reading *r, struct error *err)
{
    r->kernels = kernels_best();
    r->stride = round_to_lanes(r->in->dim);
    r->row = memory_new_aligned(3 * r->stride, sizeof *r->row, err);
    if (!r->row)
        return -1;
    memset(r->row, 0, 3 * r->stride * sizeof *r->row);
    return adam_init(&r->adam, r->check.run.model.lr, err);
}

/* Brings the row, which stands behind step `from`, to the latest. */
static void advance(struct reading *r, uint64_t from)
{
    uint64_t to = r->check.progress.steps;
    if (from == 0) /* it never had a gradient, and nothing moves it */
        return;
    if (to - from > ADAM_REPLAY) {
        struct adam_rest rest = adam_rest_after(&r->adam, from, to);
        r->kernels->adam_rest(r->row, r->stride, &rest);
        return;
    }
    for (uint64_t step = from + 1; step <= to; step++) {
        struct adam_step idle = adam_step_at(&r->adam, step);
        r->kernels->adam_idle(r->row, r->stride, &idle);
    }
}

/* The weights of row i of the latest STATE. */
static void copy_row(struct reading *r, uint32_t i, float *to)
{
    size_t dim = r->in->dim, parts = trainer_parts(r->check.run.model.optimizer);
    const float *number = r->check.number + i * parts * dim;
    if (parts == 1) {
        memcpy(to, number, dim * sizeof *to);
        return;
    }
    for (size_t part = 0; part < parts; part++)
        memcpy(r->row + part * r->stride, number + part * dim, dim * sizeof *to);
    advance(r, r->check.step[i]);
    memcpy(to, r->row, dim * sizeof *to);
}

static int read_record(void *data, const struct record *record, struct error *err)
{
    struct reading *r = data;
    if (checkpoint_check(&r->check, r->in, record, err) < 0)
        return -1;
    if (record->type == RECORD_TRAINING)
        return start(r, err);
    struct cursor c = cursor_over(record->data, record->size);
    if (cursor_u32(&c) != r->matrix)
        return 0;
    size_t dim = r->in->dim;
    if (memory_reserve(&r->rows, &r->capacity, r->check.count * dim, sizeof *r->rows, err) < 0)
        return -1;
    for (uint32_t i = 0; i < r->check.count; i++)
        copy_row(r, i, r->rows + i * dim);
    return r->take(r->data, r->rows, r->check.count, err);
}

static int read_all(struct reading *r, struct error *err)
{
    uint32_t first, count;
    int got;
    while ((got = vectors_read(r->in, &first, &count, err)) > 0)
        ;
    if (got < 0)
        return -1;
    if (!r->check.told)
        return stream_fault(r->in->stream, err, "vectors, but no checkpoint");
    return checkpoint_check_end(&r->check, r->in, err);
}

int checkpoint_rows(struct vectors_reader *in, enum weights matrix,
                    int (*take)(void *data, const float *rows, uint32_t count, struct error *err),
                    void *data, struct error *err)
{
    struct reading r = {.in = in, .matrix = matrix == WEIGHTS_CONTEXT, .take = take, .data = data};
    in->checkpoint = read_record;
    in->checkpoint_data = &r;
    int result = read_all(&r, err);
    in->checkpoint = NULL;
    checkpoint_check_release(&r.check);
    adam_release(&r.adam);
    free(r.row);
    free(r.rows);
    return result;
}

/* SPDX-License-Identifier: MIT */
#include "train/rested_row.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "train/kernels.h"

int rested_row_init(struct rested_row *r, const struct trainer_config *model, struct error *err)
{
    r->dim = model->dim;
    r->parts = trainer_parts(model->optimizer);
    r->stride = round_to_lanes(model->dim);
    r->row = memory_new_aligned(3 * r->stride, sizeof *r->row, err);
    if (!r->row)
        return -1;
    memset(r->row, 0, 3 * r->stride * sizeof *r->row);
    return adam_init(&r->adam, model->lr, err);
}

void rested_row_release(struct rested_row *r)
{
    adam_release(&r->adam);
    free(r->row);
    *r = (struct rested_row){0};
}

const float *rested_row_weights(struct rested_row *r, uint64_t step, const float *value,
                                uint64_t to)
{
    if (r->parts == 1)
        return value;
    row_from_values(r->row, r->stride, r->dim, r->parts, value);
    if (step > 0 && step < to) { /* 0: it never had a gradient, and does not change */
        struct adam_rest rest = adam_rest_after(&r->adam, step, to);
        kernels_best()->adam_rest(r->row, r->stride, &rest);
    }
    return r->row;
}

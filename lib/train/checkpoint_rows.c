/* SPDX-License-Identifier: MIT */
#include "train/checkpoint_rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "train/checkpoint.h"
#include "train/rested_row.h"

struct reading {
    struct vectors_reader *in;
    enum weights matrix;
    int (*take)(void *data, const float *rows, uint32_t count, struct error *err);
    void *data;
    struct checkpoint_check check;
    struct rested_row rested;
    float *rows; /* (count of the record × dim) */
    size_t capacity;
};

static int read_record(void *data, const struct record *record, struct error *err)
{
    struct reading *r = data;
    bool wanted = r->check.matrix == r->matrix; /* the matrix of this record, if it is a STATE */
    if (checkpoint_check(&r->check, r->in, record, err) < 0)
        return -1;
    if (record->type == RECORD_TRAINING)
        return rested_row_init(&r->rested, &r->check.run.model, err);
    if (!wanted)
        return 0;
    size_t dim = r->in->dim;
    if (memory_reserve(&r->rows, &r->capacity, r->check.count * dim, sizeof *r->rows, err) < 0)
        return -1;
    for (uint32_t i = 0; i < r->check.count; i++)
        memcpy(r->rows + i * dim, checkpoint_row(&r->check, &r->rested, i), dim * sizeof *r->rows);
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
    if (!r->check.has_training)
        return stream_fault(r->in->stream, err, "plain vectors, not a checkpoint");
    return checkpoint_check_end(&r->check, r->in, err);
}

int checkpoint_rows(struct vectors_reader *in, enum weights matrix,
                    int (*take)(void *data, const float *rows, uint32_t count, struct error *err),
                    void *data, struct error *err)
{
    struct reading r = {.in = in, .matrix = matrix, .take = take, .data = data};
    in->checkpoint = read_record;
    in->checkpoint_data = &r;
    int result = read_all(&r, err);
    in->checkpoint = NULL;
    checkpoint_check_release(&r.check);
    rested_row_release(&r.rested);
    free(r.rows);
    return result;
}

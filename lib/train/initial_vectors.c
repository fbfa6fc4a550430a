/* SPDX-License-Identifier: MIT */
#include "train/initial_vectors.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "stream/vectors.h"
#include "train/checkpoint.h"
#include "train/rested_row.h"

struct reading {
    enum weights matrix; /* to initialise */
    const struct trainer_config *model;
    struct trainer *trainer;
    struct initial_vectors *initial;
    const struct words *words; /* of the existing vectors */
    struct word_index *index;  /* of the model's words */
    float *row;                /* (words × dim) the rows of one matrix that were read so far */
    bool *known;               /* (words) whether the stream has the word */
    struct vectors_reader in;

    /* For a checkpoint: */
    struct checkpoint_check check;
    struct rested_row rested;
};

/* The id in the model of word `id` of the stream, or NO_WORD. */
static uint32_t model_id(const struct reading *r, uint32_t id)
{
    return word_index_find(r->index, words_text(r->words, id), words_length(r->words, id));
}

static void store_row(struct reading *r, uint32_t id, const float *row)
{
    uint32_t dim = r->model->dim, to = model_id(r, id);
    if (to == NO_WORD)
        return;
    r->known[to] = true;
    memcpy(r->row + (size_t)to * dim, row, dim * sizeof *row);
}

/* Copies the rows read from the stream to the rows first … first + count − 1 of the trainer's
 * matrix. */
static int set_rows(struct reading *r, enum weights matrix, uint32_t first, uint32_t count,
                    uint64_t *step, float *value, struct error *err)
{
    size_t dim = r->model->dim, kept = dim * trainer_parts(r->model->optimizer);
    const struct trainer_methods *methods = r->trainer->methods;
    if (methods->save(r->trainer, matrix, first, count, step, value, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (r->known[first + i])
            memcpy(value + i * kept, r->row + (first + i) * dim, dim * sizeof *value);
    return methods->restore(r->trainer, matrix, first, count, step, value, err);
}

static int set_matrix(struct reading *r, enum weights matrix, struct error *err)
{
    uint32_t words = r->model->words, most = vectors_rows_per_record(r->model->dim);
    size_t kept = (size_t)r->model->dim * trainer_parts(r->model->optimizer);
    uint64_t *step = memory_new(most, sizeof *step, err);
    float *value = memory_new(most * kept, sizeof *value, err);
    int result = step && value ? 0 : -1;
    for (uint32_t id = 0, count; id < words && result == 0; id += count) {
        count = words - id < most ? words - id : most;
        result = set_rows(r, matrix, id, count, step, value, err);
    }
    free(step);
    free(value);
    return result;
}

/* ---- a checkpoint's U ---- */

static int start_contexts(struct reading *r, struct error *err)
{
    if (r->matrix == WEIGHTS_CENTRE && set_matrix(r, WEIGHTS_CENTRE, err) < 0)
        return -1;
    r->matrix = WEIGHTS_CONTEXT;
    r->initial->contexts = true;
    return rested_row_init(&r->rested, &r->check.run.model, err);
}

static int read_record(void *data, const struct record *record, struct error *err)
{
    struct reading *r = data;
    bool contexts =
        r->check.matrix == WEIGHTS_CONTEXT; /* the matrix of this record, if it is a STATE */
    if (checkpoint_check(&r->check, &r->in, record, err) < 0)
        return -1;
    if (record->type == RECORD_TRAINING)
        return start_contexts(r, err);
    for (uint32_t i = 0; i < r->check.count && contexts; i++)
        store_row(r, r->check.first + i, checkpoint_row(&r->check, &r->rested, i));
    return 0;
}

/* ---- the stream ---- */

#define WRONG_DIM "vectors of dimension %lu, but --dim is %lu; use --dim=%lu"

static int read_all(struct reading *r, struct error *err)
{
    uint32_t first, count, dim = r->model->dim;
    int got;
    if (r->in.dim != dim)
        return stream_fault(r->in.stream, err, WRONG_DIM, (unsigned long)r->in.dim,
                            (unsigned long)dim, (unsigned long)r->in.dim);
    while ((got = vectors_read(&r->in, &first, &count, err)) > 0)
        for (uint32_t i = 0; i < count; i++)
            store_row(r, first + i, r->in.value + (size_t)i * dim);
    if (got < 0 || checkpoint_check_end(&r->check, &r->in, err) < 0)
        return -1;
    return set_matrix(r, r->matrix, err);
}

/* ---- all vectors ---- */

static int start(struct reading *r, struct header *header, struct error *err)
{
    *r->initial = (struct initial_vectors){0};
    r->index = word_index_new(&header->vocab.words, err);
    r->row = memory_new(r->model->words, r->model->dim * sizeof *r->row, err);
    r->known = memory_new(r->model->words, sizeof *r->known, err);
    return r->index && r->row && r->known ? 0 : -1;
}

/* Counts the words that were initialised, and releases everything. */
static void finish(struct reading *r)
{
    for (uint32_t id = 0; r->known && id < r->model->words; id++)
        r->initial->words += r->known[id];
    word_index_free(r->index);
    free(r->row);
    free(r->known);
}

int initial_vectors_read(struct stream_reader *stream, enum weights matrix, struct header *header,
                         const struct trainer_config *model, struct trainer *trainer,
                         struct initial_vectors *initial, void (*progress)(void), struct error *err)
{
    struct reading r = {.matrix = matrix, .model = model, .trainer = trainer, .initial = initial};
    if (vectors_reader_attach(&r.in, stream, err) < 0)
        return -1;
    r.in.checkpoint = read_record;
    r.in.checkpoint_data = &r;
    r.in.progress = progress;
    r.words = &r.in.header.vocab.words;
    int result = start(&r, header, err);
    if (result == 0)
        result = read_all(&r, err);
    if (result == 0)
        result = header_join_provenance(header, &r.in.header, r.in.header.programs, err);
    vectors_reader_close(&r.in);
    checkpoint_check_release(&r.check);
    rested_row_release(&r.rested);
    finish(&r);
    return result;
}

int initial_vectors_set(const struct words *words, const float *rows, uint32_t dim,
                        const char *name, enum weights matrix, struct header *header,
                        const struct trainer_config *model, struct trainer *trainer,
                        struct initial_vectors *initial, struct error *err)
{
    struct reading r = {
        .matrix = matrix, .model = model, .trainer = trainer, .initial = initial, .words = words};
    if (dim != model->dim)
        return error_set(err, STATUS_INPUT, "%s: " WRONG_DIM, name, (unsigned long)dim,
                         (unsigned long)model->dim, (unsigned long)dim);
    int result = start(&r, header, err);
    for (uint32_t id = 0; id < words->count && result == 0; id++)
        store_row(&r, id, rows + (size_t)id * dim);
    if (result == 0)
        result = set_matrix(&r, matrix, err);
    finish(&r);
    return result;
}

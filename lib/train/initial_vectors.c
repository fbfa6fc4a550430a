/* SPDX-License-Identifier: MIT */
#include "train/initial_vectors.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "stream/vectors.h"
#include "train/checkpoint_rows.h"

struct reading {
    const struct trainer_config *model;
    struct trainer *trainer;
    struct initial_vectors *initial;
    struct word_index *index; /* of the model's words */
    float *row;               /* (words × dim) of one matrix, what has come of it so far */
    bool *known;              /* (words) whether the stream has the word */
    struct vectors_reader in;

    /* Where it is a checkpoint: */
    struct checkpoint_check check;
    struct rested_row rested;
};

/* The id that a word of the stream has in the model, or NO_WORD. */
static uint32_t place(const struct reading *r, uint32_t id)
{
    const struct words *words = &r->in.header.vocab.words;
    return word_index_find(r->index, words_text(words, id), words_length(words, id));
}

static void take(struct reading *r, uint32_t id, const float *row)
{
    uint32_t dim = r->model->dim, to = place(r, id);
    if (to == NO_WORD)
        return;
    r->known[to] = true;
    memcpy(r->row + (size_t)to * dim, row, dim * sizeof *row);
}

/* Puts what was taken into `count` rows of the trainer's matrix, from `first` on. */
static int give_rows(struct reading *r, enum weights matrix, uint32_t first, uint32_t count,
                     uint64_t *step, float *number, struct error *err)
{
    size_t dim = r->model->dim, kept = dim * trainer_parts(r->model->optimizer);
    const struct trainer_methods *methods = r->trainer->methods;
    if (methods->save(r->trainer, matrix, first, count, step, number, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (r->known[first + i])
            memcpy(number + i * kept, r->row + (first + i) * dim, dim * sizeof *number);
    return methods->restore(r->trainer, matrix, first, count, step, number, err);
}

static int give(struct reading *r, enum weights matrix, struct error *err)
{
    uint32_t words = r->model->words, most = vectors_rows_per_record(r->model->dim);
    size_t kept = (size_t)r->model->dim * trainer_parts(r->model->optimizer);
    uint64_t *step = memory_new(most, sizeof *step, err);
    float *number = memory_new(most * kept, sizeof *number, err);
    int result = step && number ? 0 : -1;
    for (uint32_t id = 0, count; id < words && result == 0; id += count) {
        count = words - id < most ? words - id : most;
        result = give_rows(r, matrix, id, count, step, number, err);
    }
    free(step);
    free(number);
    return result;
}

/* ---- a checkpoint's U ---- */

static int start_contexts(struct reading *r, struct error *err)
{
    if (give(r, WEIGHTS_CENTRE, err) < 0)
        return -1;
    r->initial->contexts = true;
    return rested_row_init(&r->rested, &r->check, err);
}

static int take_record(void *data, const struct record *record, struct error *err)
{
    struct reading *r = data;
    bool contexts = r->check.matrix == WEIGHTS_CONTEXT; /* before a STATE: what comes now */
    if (checkpoint_check(&r->check, &r->in, record, err) < 0)
        return -1;
    if (record->type == RECORD_TRAINING)
        return start_contexts(r, err);
    for (uint32_t i = 0; i < r->check.count && contexts; i++)
        take(r, r->check.first + i, rested_row_weights(&r->rested, &r->check, i));
    return 0;
}

/* ---- the stream ---- */

static int take_all(struct reading *r, struct error *err)
{
    uint32_t first, count, dim = r->model->dim;
    int got;
    if (r->in.dim != dim)
        return stream_fault(r->in.stream, err, "vectors of %lu numbers, --dim is %lu",
                            (unsigned long)r->in.dim, (unsigned long)dim);
    while ((got = vectors_read(&r->in, &first, &count, err)) > 0)
        for (uint32_t i = 0; i < count; i++)
            take(r, first + i, r->in.value + (size_t)i * dim);
    if (got < 0 || checkpoint_check_end(&r->check, &r->in, err) < 0 ||
        give(r, r->initial->contexts ? WEIGHTS_CONTEXT : WEIGHTS_CENTRE, err) < 0)
        return -1;
    for (uint32_t id = 0; id < r->model->words; id++)
        r->initial->words += r->known[id];
    return 0;
}

int initial_vectors_read(int fd, const char *name, struct header *header,
                         const struct trainer_config *model, struct trainer *trainer,
                         struct initial_vectors *initial, struct error *err)
{
    struct reading r = {.model = model, .trainer = trainer, .initial = initial};
    *initial = (struct initial_vectors){0};
    if (vectors_reader_open(&r.in, fd, name, err) < 0)
        return -1;
    r.in.checkpoint = take_record;
    r.in.checkpoint_data = &r;
    r.index = word_index_new(&header->vocab.words, err);
    r.row = memory_new(model->words, model->dim * sizeof *r.row, err);
    r.known = memory_new(model->words, sizeof *r.known, err);
    int result = r.index && r.row && r.known ? take_all(&r, err) : -1;
    if (result == 0)
        result = header_join_provenance(header, &r.in.header, r.in.header.programs, err);
    vectors_reader_close(&r.in);
    checkpoint_check_release(&r.check);
    word_index_free(r.index);
    rested_row_release(&r.rested);
    free(r.row);
    free(r.known);
    return result;
}

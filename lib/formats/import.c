/* SPDX-License-Identifier: MIT */
#include "formats/import.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { PENDING_MAX = 1 << 18 /* about how many numbers are pending before they are spilled */ };

void import_release(struct import *to)
{
    if (to->spooled)
        spool_close(&to->spool);
    word_index_free(to->index);
    vocab_release(&to->vocab);
    free(to->pending);
    *to = (struct import){0};
}

int import_start(struct import *to, uint32_t dim, struct error *err)
{
    to->dim = dim;
    to->index = word_index_new(&to->vocab.words, err);
    return to->index ? 0 : -1;
}

bool import_finite(const float *value, size_t n)
{
    float sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += value[i] * 0.0f; /* 0, or not a number */
    return sum == 0;
}

/* Moves the pending rows to the spool. */
static int flush(struct import *to, struct error *err)
{
    size_t n = (size_t)to->pending_rows * to->dim;
    if (!to->spooled && spool_open(&to->spool, err) < 0)
        return -1;
    to->spooled = true;
    to->pending_rows = 0;
    if (to->progress)
        to->progress();
    return spool_append(&to->spool, to->pending, n * sizeof *to->pending, err);
}

static void skip(struct import_skipped *rows, uint64_t position)
{
    if (rows->count++ == 0)
        rows->first = position;
}

int import_row(struct import *to, const char *word, size_t length, const float *row,
               uint64_t position, struct error *err)
{
    uint32_t next_id = to->vocab.words.count;
    to->rows_read++;
    to->last_is_unknown = length == strlen(UNKNOWN_WORD) && memcmp(word, UNKNOWN_WORD, length) == 0;
    if (!word_is_valid(word, length)) {
        skip(&to->invalid, position);
        return 0;
    }
    uint32_t id = word_index_intern(to->index, word, length, err);
    if (id == NO_WORD)
        return -1;
    if (id != next_id) {
        skip(&to->duplicates, position);
        return 0;
    }
    size_t n = (size_t)to->pending_rows++ * to->dim;
    if (memory_reserve(&to->pending, &to->pending_capacity, n + to->dim, sizeof *row, err) < 0)
        return -1;
    memcpy(to->pending + n, row, to->dim * sizeof *row);
    return n + to->dim >= PENDING_MAX ? flush(to, err) : 0;
}

int import_finish(struct import *to, const struct input *in, struct error *err)
{
    struct vocab *vocab = &to->vocab;
    if (vocab->words.count == 0)
        return error_set(err, STATUS_INPUT, "%s: no row with a valid word", in->name);
    word_index_free(to->index); /* a third of the memory, freed before the counts need some */
    to->index = NULL;
    vocab->count = memory_new(vocab->words.count, sizeof *vocab->count, err);
    vocab->count_capacity = vocab->words.count;
    if (!vocab->count)
        return -1;
    return to->spooled ? flush(to, err) : 0; /* a few rows stay in memory */
}

int import_read(const struct import *from, uint32_t first, uint32_t count, float *rows,
                struct error *err)
{
    size_t row = from->dim * sizeof *rows;
    if (!from->spooled) {
        memcpy(rows, from->pending + (size_t)first * from->dim, count * row);
        return 0;
    }
    return spool_read(&from->spool, rows, count * row, first * (uint64_t)row, err);
}

int import_check_count(const struct import *to, const struct input *in, bool ignore_count,
                       struct error *err)
{
    bool one_more_for_unknown = to->rows_read == to->declared + 1 && to->last_is_unknown;
    if (to->rows_read == to->declared || one_more_for_unknown || ignore_count)
        return 0;
    return error_set(err, STATUS_INPUT,
                     "%s: line 1: declares %llu word%s, but the number of rows is %llu; use "
                     "--ignore-count to read all rows",
                     in->name, (unsigned long long)to->declared, to->declared == 1 ? "" : "s",
                     (unsigned long long)to->rows_read);
}

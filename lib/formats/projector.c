/* SPDX-License-Identifier: MIT */
#include "formats/projector.h"

#include <stdlib.h>

#include "base/decimal.h"
#include "base/memory.h"
#include "formats/columns.h"
#include "formats/word_list.h"

/* ---- reading ---- */

static uint32_t count_columns(const char *line, const char *end)
{
    uint32_t n = 1;
    for (const char *p = line; p < end; p++)
        n += *p == '\t';
    return n;
}

struct reading {
    struct input *in;
    struct word_list words;
    struct import *to;
    float *row; /* (dim) */
    struct columns_ends ends;
};

static int import_line(struct reading *r, const char *line, size_t length, struct error *err)
{
    const char *end = line + columns_trim(line, length), *word;
    size_t word_length;
    struct import *to = r->to;
    bool finite = columns_read(line, end, '\t', r->row, to->dim);
    if (!finite && !(to->skip_nonfinite && columns_are_nonfinite(line, end, '\t', to->dim)))
        return columns_fault(r->in, line, end, '\t', false, to->dim, err);
    to->unterminated = r->in->unterminated;
    if (to->unterminated && columns_is_cut(&r->ends, line, end, '\t'))
        return input_line_fault(r->in, err, "no newline at the end: the file is truncated");
    columns_add_end(&r->ends, line, end);
    if (word_list_next(&r->words, &word, &word_length, err) < 0)
        return -1;
    return import_row(to, word, word_length, finite ? r->row : NULL, r->in->line, err);
}

static int start(struct reading *r, const char *line, size_t length, struct error *err)
{
    uint32_t dim = count_columns(line, line + columns_trim(line, length));
    if (dim > DIM_MAX)
        return input_line_fault(r->in, err, "more than %d dimensions", (int)DIM_MAX);
    r->row = memory_new(dim, sizeof *r->row, err);
    return r->row ? import_start(r->to, dim, err) : -1;
}

static int read_all(struct reading *r, struct error *err)
{
    const char *line;
    size_t length;
    int got;
    while ((got = input_line(r->in, &line, &length, err)) > 0)
        if ((!r->row && start(r, line, length, err) < 0) || import_line(r, line, length, err) < 0)
            return -1;
    return got < 0 ? -1 : word_list_end(&r->words, r->to->rows_read, err);
}

int projector_import(struct input *in, struct input *words, struct import *to, struct error *err)
{
    struct reading r = {.in = in, .words = {.in = words}, .to = to};
    int result = read_all(&r, err);
    free(r.row);
    return result < 0 ? -1 : import_finish(to, words, err);
}

/* ---- writing ---- */

int projector_export_row(struct export *to, uint32_t id, const float *row, struct error *err)
{
    char *line = export_line(to, 0, err), *at = line;
    if (!line)
        return -1;
    for (uint32_t i = 0; i < to->dim; i++) {
        if (i > 0)
            *at++ = '\t';
        at += decimal_print(row[i], at);
    }
    *at++ = '\n';
    if (export_put(to->rows, line, (size_t)(at - line), err) < 0)
        return -1;
    return export_word_line(to, id, err);
}

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

static int import_line(struct input *in, struct word_list *list, float *row, const char *line,
                       size_t length, struct import *to, struct error *err)
{
    const char *end = line + columns_trim(line, length), *word;
    size_t word_length;
    if (!columns_read(line, end, '\t', row, to->dim))
        return columns_fault(in, line, end, '\t', false, to->dim, err);
    if (word_list_next(list, &word, &word_length, err) < 0)
        return -1;
    return import_row(to, word, word_length, row, in->line, err);
}

static int read_all(struct input *in, struct word_list *list, float **row, struct import *to,
                    struct error *err)
{
    const char *line;
    size_t length;
    int got;
    while ((got = input_line(in, &line, &length, err)) > 0) {
        if (!*row) {
            uint32_t dim = count_columns(line, line + columns_trim(line, length));
            if (dim > DIM_MAX)
                return input_line_fault(in, err, "more than %d dimensions", (int)DIM_MAX);
            *row = memory_new(dim, sizeof **row, err);
            if (!*row || import_start(to, dim, err) < 0)
                return -1;
        }
        if (import_line(in, list, *row, line, length, to, err) < 0)
            return -1;
    }
    return got < 0 ? -1 : word_list_end(list, to->rows_read, err);
}

int projector_import(struct input *in, struct input *words, struct import *to, struct error *err)
{
    struct word_list list = {words, false};
    float *row = NULL;
    int result = read_all(in, &list, &row, to, err);
    free(row);
    return result < 0 ? -1 : import_finish(to, in, err);
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

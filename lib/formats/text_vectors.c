/* SPDX-License-Identifier: MIT */
#include "formats/text_vectors.h"

#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/memory.h"
#include "formats/columns.h"

/* ---- the first line ---- */

bool text_vectors_is_header(const char *line, size_t length, uint64_t *words, uint64_t *dim)
{
    uint64_t number[2] = {0, 0};
    const char *p = line, *end = line + columns_trim(line, length);
    for (int i = 0; i < 2; i++) {
        const char *first = p;
        for (; p < end && *p >= '0' && *p <= '9' && p - first < 18; p++)
            number[i] = 10 * number[i] + (uint64_t)(*p - '0');
        if (p == first || (i == 0 && (p == end || *p++ != ' ')))
            return false;
    }
    *words = number[0];
    *dim = number[1];
    return p == end;
}

/* ---- reading ---- */

struct reading {
    struct input *in;
    struct import *to;
    float *row;
};

/* The end of the word in front of the last `dim` columns; NULL where there are not as many. */
static const char *word_end(const struct reading *r, const char *line, const char *end)
{
    for (uint32_t n = r->to->dim; n > 0; n--) {
        const char *column = columns_last(line, end, ' ');
        if (column == line)
            return NULL;
        end = column - 1;
    }
    return end;
}

static int import_line(const struct reading *r, const char *line, size_t length, struct error *err)
{
    const char *end = line + columns_trim(line, length);
    const char *word = memchr(line, ' ', (size_t)(end - line));
    if (!word || !columns_read(word + 1, end, ' ', r->row, r->to->dim)) {
        /* A word with a space in it, or a fault. */
        word = word_end(r, line, end);
        if (!word || !columns_read(word + 1, end, ' ', r->row, r->to->dim))
            return columns_fault(r->in, line, end, ' ', true, r->to->dim, err);
        const char *last = columns_last(line, word, ' ');
        if (last > line && columns_number(last, word))
            return input_line_fault(r->in, err, "more than %lu numbers", (unsigned long)r->to->dim);
    }
    return import_row(r->to, line, (size_t)(word - line), r->row, r->in->line, err);
}

static int start(struct reading *r, uint64_t dim, struct error *err)
{
    if (dim < 1 || dim > DIM_MAX)
        return input_line_fault(r->in, err, "%llu dimensions, expected 1 to %d",
                                (unsigned long long)dim, (int)DIM_MAX);
    r->row = memory_new(dim, sizeof *r->row, err);
    return r->row ? import_start(r->to, (uint32_t)dim, err) : -1;
}

static int start_by_header(struct reading *r, const char *line, size_t length, struct error *err)
{
    uint64_t dim;
    if (!text_vectors_is_header(line, length, &r->to->declared, &dim))
        return input_line_fault(r->in, err,
                                "not the numbers of words and of dimensions; a file "
                                "without them is read with --from glove");
    if (r->to->declared == 0)
        return input_line_fault(r->in, err, "tells of no words");
    return start(r, dim, err);
}

static int start_without_header(struct reading *r, const char *line, size_t length,
                                struct error *err)
{
    uint32_t dim = columns_at_end(line, length, ' ');
    if (dim == 0)
        return input_line_fault(r->in, err, "not a word and numbers");
    return start(r, dim, err) < 0 ? -1 : import_line(r, line, length, err);
}

/* The first line is a header if it looks like one and the next has as many numbers as it says; a
 * word and its vector of one whole number look alike. */
static int start_either_way(struct reading *r, const char *line, size_t length, struct error *err)
{
    char first[48];
    uint64_t words, dim;
    size_t kept = columns_trim(line, length);
    if (!text_vectors_is_header(line, length, &words, &dim) || dim < 2 || words == 0)
        return start_without_header(r, line, length, err);
    memcpy(first, line, kept); /* two numbers of up to 18 digits */
    first[kept] = '\n';
    int got = input_line(r->in, &line, &length, err);
    if (got < 0)
        return -1;
    if (got == 0)
        return input_line_fault(r->in, err, "no row behind it");
    if (columns_at_end(line, length, ' ') < dim)
        return start_without_header(r, first, kept, err) < 0 ? -1
                                                             : import_line(r, line, length, err);
    r->to->declared = words;
    return start(r, dim, err) < 0 ? -1 : import_line(r, line, length, err);
}

static int read_all(struct reading *r, enum text_header header, struct error *err)
{
    const char *line;
    size_t length;
    int got = input_line(r->in, &line, &length, err);
    if (got == 0)
        return error_set(err, STATUS_INPUT, "%s: line 1: there is none", r->in->name);
    if (got > 0)
        got = header == TEXT_HEADER ? start_by_header(r, line, length, err)
                                    : start_either_way(r, line, length, err);
    if (got < 0)
        return -1;
    while ((got = input_line(r->in, &line, &length, err)) > 0)
        if (import_line(r, line, length, err) < 0)
            return -1;
    return got;
}

int text_vectors_import(struct input *in, enum text_header header, bool any_count,
                        struct import *to, struct error *err)
{
    struct reading r = {in, to, NULL};
    int result = read_all(&r, header, err);
    free(r.row);
    if (result == 0 && to->declared > 0)
        result = import_check_count(to, in, any_count, err);
    return result < 0 ? -1 : import_finish(to, in, err);
}

/* ---- writing ---- */

int text_vectors_export_header(struct export *to, struct error *err)
{
    char line[48];
    int length = snprintf(line, sizeof line, "%lu %lu\n", (unsigned long)to->vocab->words.count,
                          (unsigned long)to->dim);
    return export_put(to->rows, line, (size_t)length, err);
}

int text_vectors_export_row(struct export *to, uint32_t id, const float *row, struct error *err)
{
    const struct words *words = &to->vocab->words;
    size_t length = words_length(words, id);
    char *at = export_line(to, length, err);
    if (!at)
        return -1;
    memcpy(at, words_text(words, id), length);
    at += length;
    for (uint32_t i = 0; i < to->dim; i++) {
        *at++ = ' ';
        at += decimal_print(row[i], at);
    }
    *at++ = '\n';
    return export_put(to->rows, to->line, (size_t)(at - to->line), err);
}

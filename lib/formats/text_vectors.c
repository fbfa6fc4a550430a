/* SPDX-License-Identifier: MIT */
#include "formats/text_vectors.h"

#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/memory.h"
#include "formats/columns.h"

/* ---- header ---- */

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
    float *row; /* (dim) */
};

/* The end of the word before the last `dim` columns; NULL if there are fewer columns. */
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
        /* The word contains a space, or the line is invalid. */
        word = word_end(r, line, end);
        if (!word || !columns_read(word + 1, end, ' ', r->row, r->to->dim))
            return columns_fault(r->in, line, end, ' ', true, r->to->dim, err);
        const char *last = columns_last(line, word, ' ');
        if (last > line && columns_is_number(last, word))
            return input_line_fault(r->in, err, "more than %lu number%s", (unsigned long)r->to->dim,
                                    r->to->dim == 1 ? "" : "s");
    }
    return import_row(r->to, line, (size_t)(word - line), r->row, r->in->line, err);
}

static int start(struct reading *r, uint64_t dim, struct error *err)
{
    if (dim < 1 || dim > DIM_MAX)
        return input_line_fault(r->in, err, "dimension %llu, expected 1 to %d",
                                (unsigned long long)dim, (int)DIM_MAX);
    r->row = memory_new(dim, sizeof *r->row, err);
    return r->row ? import_start(r->to, (uint32_t)dim, err) : -1;
}

static int start_with_header(struct reading *r, const char *line, size_t length, struct error *err)
{
    uint64_t dim;
    if (!text_vectors_is_header(line, length, &r->to->declared, &dim))
        return input_line_fault(r->in, err,
                                "expected the number of words and the dimension; use "
                                "--from=glove for a file without this line");
    if (r->to->declared == 0)
        return input_line_fault(r->in, err, "declares 0 words");
    return start(r, dim, err);
}

static int start_without_header(struct reading *r, const char *line, size_t length,
                                struct error *err)
{
    uint32_t dim = columns_count_numbers(line, length, ' ');
    if (dim == 0)
        return input_line_fault(r->in, err, "expected a word followed by numbers");
    return start(r, dim, err) < 0 ? -1 : import_line(r, line, length, err);
}

/* The first line is a header if it looks like one, and the next line has at least as many numbers
 * as it declares: a word that is an integer, with a vector of one integer, looks the same. */
static int start_with_optional_header(struct reading *r, const char *line, size_t length,
                                      struct error *err)
{
    char first[48];
    uint64_t words, dim;
    size_t first_length = columns_trim(line, length);
    if (!text_vectors_is_header(line, length, &words, &dim) || dim < 2 || words == 0)
        return start_without_header(r, line, length, err);
    memcpy(first, line, first_length); /* two numbers of up to 18 digits */
    first[first_length] = '\n';
    int got = input_line(r->in, &line, &length, err);
    if (got < 0)
        return -1;
    if (got == 0)
        return input_line_fault(r->in, err, "no row after this line");
    if (columns_count_numbers(line, length, ' ') < dim)
        return start_without_header(r, first, first_length, err) < 0
                   ? -1
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
        return error_set(err, STATUS_INPUT, "%s: line 1: the file is empty", r->in->name);
    if (got > 0)
        got = header == TEXT_HEADER_REQUIRED ? start_with_header(r, line, length, err)
                                             : start_with_optional_header(r, line, length, err);
    if (got < 0)
        return -1;
    while ((got = input_line(r->in, &line, &length, err)) > 0)
        if (import_line(r, line, length, err) < 0)
            return -1;
    return got;
}

int text_vectors_import(struct input *in, enum text_header header, bool ignore_count,
                        struct import *to, struct error *err)
{
    struct reading r = {in, to, NULL};
    int result = read_all(&r, header, err);
    free(r.row);
    if (result == 0 && to->declared > 0)
        result = import_check_count(to, in, ignore_count, err);
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

/* SPDX-License-Identifier: MIT */
#include "formats/text_vectors.h"

#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/memory.h"
#include "formats/columns.h"

/* ---- header ---- */

/* Reads `n` whole numbers, separated by a space or a tab. Returns whether the line is these. */
static bool read_counts(const char *line, size_t length, uint64_t *number, int n)
{
    const char *p = line, *end = line + columns_trim(line, length);
    for (int i = 0; i < n; i++) {
        const char *first = p;
        number[i] = 0;
        for (; p < end && *p >= '0' && *p <= '9' && p - first < 18; p++)
            number[i] = 10 * number[i] + (uint64_t)(*p - '0');
        if (p == first || (i < n - 1 && (p == end || (*p != ' ' && *p != '\t'))))
            return false;
        p += i < n - 1;
    }
    return p == end;
}

bool text_vectors_is_header(const char *line, size_t length, uint64_t *words, uint64_t *dim)
{
    uint64_t number[2];
    bool is = read_counts(line, length, number, 2);
    *words = is ? number[0] : 0;
    *dim = is ? number[1] : 0;
    return is;
}

/* Whether a line is the header of deeplearning4j, whose third number is that of the documents. With a
 * dimension of 2 it might be a row. */
static bool is_dl4j_header(const char *line, size_t length, const char *next, size_t next_length,
                           uint64_t *words, uint64_t *dim)
{
    uint64_t number[3];
    if (!read_counts(line, length, number, 3) || number[1] == 2 ||
        !import_is_encoded(next, next_length))
        return false;
    *words = number[0];
    *dim = number[1];
    return true;
}

/* ---- the separators ---- */

/* The byte before the first number, and that between two numbers. */
struct separators {
    char first, others;
};

static bool all_numbers(const char *column, const char *end, char separator)
{
    for (const char *p = column, *next;; p = next + 1) {
        next = memchr(p, separator, (size_t)(end - p));
        if (!columns_is_number(p, next ? next : end))
            return false;
        if (!next)
            return true;
    }
}

/* A row is word TAB number TAB number, or word TAB number SPACE number, or it has only spaces. */
static struct separators separators_of(const char *line, const char *end)
{
    const char *last = columns_last(line, end, '\t');
    if (last > line && columns_is_number(last, end))
        return (struct separators){'\t', '\t'};
    return (struct separators){last > line && all_numbers(last, end, ' ') ? '\t' : ' ', ' '};
}

/* The number of numbers after the word, at most DIM_MAX + 1. */
static uint32_t count_numbers(const char *line, const char *end, struct separators by)
{
    if (by.first == by.others)
        return columns_count_numbers(line, end, by.others);
    return 1 + columns_count_numbers(columns_last(line, end, by.first), end, by.others);
}

/* The first of the last n > 0 columns, after the word; NULL if there are too few columns. */
static const char *first_number(const char *line, const char *end, struct separators by, uint32_t n)
{
    if (n > 1) {
        const char *second = columns_start(line, end, by.others, n - 1);
        if (!second)
            return NULL;
        end = second - 1;
    }
    return columns_start(line, end, by.first, 1);
}

/* ---- how a file starts ---- */

/* Whether a word may end in the first numbers of a row, from `column` on, so that its vector has
 * only the numbers from `numbers` to `end`: it ends in a whole number, the vector has others. */
static bool ends_in_integer(const char *column, const char *numbers, const char *end,
                            char separator)
{
    return columns_are_integers(column, numbers - 1, separator) &&
           !columns_are_integers(numbers, end, separator);
}

/* The dimension of a file without a header: the number of numbers in its first row, unless its word
 * ends in some of them, as the second row (next, next_length) shows. */
static uint32_t find_dim(const char *line, size_t length, const char *next, size_t next_length)
{
    const char *end = line + columns_trim(line, length);
    struct separators by = separators_of(line, end);
    uint32_t n = count_numbers(line, end, by);
    uint32_t fewer = count_numbers(next, next + columns_trim(next, next_length), by);
    if (next_length > 0 && fewer > 0 && fewer < n &&
        ends_in_integer(first_number(line, end, by, n), first_number(line, end, by, fewer), end,
                        by.others))
        return fewer;
    return n;
}

/* Whether a line has at least two columns, separated by tabs, and all are numbers. */
static bool is_table(const char *line, size_t length)
{
    const char *end = line + columns_trim(line, length);
    return memchr(line, '\t', (size_t)(end - line)) && all_numbers(line, end, '\t');
}

int text_vectors_look(struct input *in, struct text_start *start, struct error *err)
{
    size_t length, next_length = 0;
    *start = (struct text_start){0};
    int found = input_peek_line(in, 0, INPUT_LINE_MAX, &length, err), more = 0;
    if (found > 0)
        more = input_peek_line(in, length + 1, INPUT_LINE_MAX, &next_length, err);
    if (found < 0 || more < 0)
        return -1;
    if (!found && (!in->ended || length > INPUT_LINE_MAX))
        return 0; /* not a line of text */
    if (!more && !in->ended)
        next_length = 0;
    const char *line = input_next(in), *next = next_length > 0 ? line + length + 1 : line;
    start->length = length + (size_t)found;
    start->row_follows = next_length > 0;
    const char *next_end = next + columns_trim(next, next_length);
    start->numbers =
        next_length > 0 ? count_numbers(next, next_end, separators_of(next, next_end)) : 0;
    const char *last_end = next_length > 0 ? next_end : line + columns_trim(line, length);
    start->after_commas = columns_count_numbers(next, last_end, ',');
    start->header = text_vectors_is_header(line, length, &start->words, &start->dim) ||
                    is_dl4j_header(line, length, next, next_length, &start->words, &start->dim);
    start->dim_of_rows = find_dim(line, length, next, next_length);
    start->only_numbers =
        is_table(line, length) && (next_length == 0 || is_table(next, next_length));
    return 0;
}

/* ---- a row ---- */

struct reading {
    struct input *in;
    struct import *to;
    struct separators by;
    float *row;                 /* (dim) */
    bool trailing;              /* the latest row ends in a separator */
    struct columns_ends ends;   /* of all rows so far */
    struct import_tally longer; /* rows whose word ends in what may belong to the vector */
};

static int fault_of_row(const struct reading *r, const char *line, const char *end,
                        struct error *err)
{
    bool by_tab = r->by.first != r->by.others;
    return columns_fault(r->in, by_tab ? columns_last(line, end, r->by.first) : line, end,
                         r->by.others, !by_tab, r->to->dim, err);
}

static int more_numbers(const struct reading *r, uint64_t line, struct error *err)
{
    return error_set(err, STATUS_INPUT, "%s: line %llu: more than %lu number%s", r->in->name,
                     (unsigned long long)line, (unsigned long)r->to->dim, plural(r->to->dim));
}

/* Decides about a word that ends in a number, and may be followed by too many: "windows 10". It is
 * right if the number is a whole one and the vector has others. Else only a header or a tab shows,
 * if most rows agree with it. */
static int check_word(struct reading *r, const char *line, const char *numbers, const char *end,
                      struct error *err)
{
    const char *last = columns_last(line, numbers - 1, r->by.others);
    bool by_tab = last == line && r->by.first == '\t';
    if (by_tab)
        last = columns_last(line, numbers - 1, ' ');
    if (last == line || !columns_is_number(last, numbers - 1) ||
        ends_in_integer(last, numbers, end, r->by.others))
        return 0;
    if (r->to->declared == 0 && !by_tab)
        return more_numbers(r, r->in->line, err);
    import_count(&r->longer, r->in->line);
    return 0;
}

/* Checks the last line of a file without a newline at its end. */
static int check_unterminated(struct reading *r, const char *numbers, const char *end,
                              struct error *err)
{
    r->to->unterminated = true;
    if ((r->to->declared == 0 && r->to->rows_read == 0) || (r->trailing && *end == '\n') ||
        columns_is_cut(&r->ends, numbers, end, r->by.others))
        return input_line_fault(r->in, err, "no newline at the end: the file is truncated");
    return 0;
}

static int import_line(struct reading *r, const char *line, size_t length, struct error *err)
{
    uint32_t n = r->to->dim;
    const char *end = line + columns_trim(line, length);
    const char *before = memchr(line, r->by.first, (size_t)(end - line));
    const char *numbers = before ? before + 1 : NULL;
    bool finite = numbers && columns_read(numbers, end, r->by.others, r->row, n);
    if (!finite) {
        /* The word contains a separator, a number is not finite, or the line is invalid. */
        numbers = first_number(line, end, r->by, n);
        finite = numbers && columns_read(numbers, end, r->by.others, r->row, n);
        bool skip = numbers && !finite && r->to->skip_nonfinite &&
                    columns_are_nonfinite(numbers, end, r->by.others, n);
        if (!finite && !skip)
            return fault_of_row(r, line, end, err);
    }
    size_t word = (size_t)(numbers - 1 - line);
    if ((memchr(line, ' ', word) || memchr(line, '\t', word)) &&
        check_word(r, line, numbers, end, err) < 0)
        return -1;
    if (r->in->unterminated && check_unterminated(r, numbers, end, err) < 0)
        return -1;
    r->trailing = *end == ' ' || *end == '\t';
    columns_add_end(&r->ends, numbers, end);
    return import_row(r->to, line, word, finite ? r->row : NULL, r->in->line, err);
}

/* ---- the file ---- */

/* Decides whether the first line, which was taken, is a header, and finds the dimension. */
static int check_start(const struct reading *r, const struct text_start *look,
                       enum text_header header, bool *has_header, uint64_t *dim, struct error *err)
{
    *has_header =
        look->header && (header == TEXT_HEADER_REQUIRED ||
                         (look->dim > 1 && look->words > 0 && look->numbers >= look->dim));
    *dim = *has_header ? look->dim : look->dim_of_rows;
    if (header == TEXT_HEADER_REQUIRED && !look->header)
        return input_line_fault(r->in, err,
                                "expected the number of words and the dimension; use "
                                "--from=glove for a file without this line");
    if (*has_header && look->words == 0)
        return input_line_fault(r->in, err, "declares 0 words");
    if (!*has_header && look->header && look->dim > 1 && look->words > 0 && !look->row_follows)
        return input_line_fault(r->in, err, "no row after this line");
    if (!*has_header && *dim == 0)
        return input_line_fault(r->in, err, "expected a word followed by numbers");
    if (*dim < 1 || *dim > DIM_MAX)
        return input_line_fault(r->in, err, "dimension %llu, expected 1 to %d",
                                (unsigned long long)*dim, (int)DIM_MAX);
    return 0;
}

static int read_rows(struct reading *r, const struct text_start *look, enum text_header header,
                     struct error *err)
{
    const char *line;
    size_t length;
    bool has_header;
    uint64_t dim;
    int got = input_line(r->in, &line, &length, err);
    if (got == 0)
        return error_set(err, STATUS_INPUT, "%s: line 1: the file is empty", r->in->name);
    if (got < 0 || check_start(r, look, header, &has_header, &dim, err) < 0)
        return -1;
    r->row = memory_new(dim, sizeof *r->row, err);
    if (!r->row || import_start(r->to, (uint32_t)dim, err) < 0)
        return -1;
    if (has_header) {
        r->to->declared = look->words;
        got = input_line(r->in, &line, &length, err);
    }
    if (got > 0)
        r->by = separators_of(line, line + columns_trim(line, length));
    for (; got > 0; got = input_line(r->in, &line, &length, err))
        if (import_line(r, line, length, err) < 0)
            return -1;
    return got;
}

int text_vectors_import(struct input *in, enum text_header header, struct import *to,
                        struct error *err)
{
    struct reading r = {.in = in, .to = to};
    struct text_start look;
    int result = text_vectors_look(in, &look, err);
    if (result == 0)
        result = read_rows(&r, &look, header, err);
    free(r.row);
    if (result == 0 && 2 * r.longer.count >= to->rows_read && r.longer.count > 0)
        return more_numbers(&r, r.longer.first, err);
    if (result == 0 && to->declared > 0)
        result = import_check_count(to, in, err);
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

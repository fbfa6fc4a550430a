/* SPDX-License-Identifier: MIT */
#include "formats/word_list.h"

#include <string.h>

#include "formats/columns.h"
#include "stream/recognise.h"

/* Whether the line is the names of a table's columns. */
static bool is_heading(const char *line, size_t length)
{
    const char *second = memchr(line, '\t', length), *end = line + columns_trim(line, length);
    if (!second || second >= end)
        return second != NULL;
    const char *third = memchr(second + 1, '\t', (size_t)(end - second - 1));
    return !columns_is_number(second + 1, third ? third : end);
}

/* The separator between a word and its count, or 0. */
static char count_separator(const char *word, const char *end)
{
    for (const char *separator = " ,"; *separator; separator++) {
        const char *last = columns_last(word, end, *separator);
        if (last > word && columns_are_integers(last, end, *separator))
            return *separator;
    }
    return 0;
}

/* Returns 1, or 0 at the end, or -1. */
static int read_word(struct word_list *list, const char **word, size_t *length, struct error *err)
{
    /* One byte: more of a pipe might not come before vectors are read from another one. */
    if (list->in->line == 0 && stream_expect_text_in(list->in, 1, err) < 0)
        return -1;
    int got = input_line(list->in, word, length, err);
    if (got > 0 && list->in->line == 1) {
        list->table = memchr(*word, '\t', *length) != NULL;
        if (is_heading(*word, *length))
            got = input_line(list->in, word, length, err);
    }
    if (got <= 0)
        return got;
    const char *tab = list->table ? memchr(*word, '\t', *length) : NULL;
    if (tab)
        *length = (size_t)(tab - *word);
    else if (*length > 0 && (*word)[*length - 1] == '\r')
        --*length;
    char separator = count_separator(*word, *word + *length);
    if (separator) {
        list->separator = separator;
        list->counts++;
    }
    return 1;
}

int word_list_next(struct word_list *list, const char **word, size_t *length, struct error *err)
{
    int got = read_word(list, word, length, err);
    return got == 0 ? input_line_fault(list->in, err, "no more words, but more vectors follow")
                    : got;
}

int word_list_end(struct word_list *list, uint64_t rows, struct error *err)
{
    const char *word;
    size_t length;
    int got = read_word(list, &word, &length, err);
    if (got > 0)
        return input_line_fault(list->in, err, "more words than vectors (%llu)",
                                (unsigned long long)rows);
    if (got == 0 && list->counts == rows && rows > 0)
        return error_set(err, STATUS_INPUT,
                         "%s: line 1: a word and its count, as in all lines; expected words alone: "
                         "cut -d '%c' -f 1",
                         list->in->name, list->separator);
    return got;
}

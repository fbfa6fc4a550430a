/* SPDX-License-Identifier: MIT */
#include "formats/word_list.h"

#include <string.h>

/* Returns 1, or 0 at the end, or -1. */
static int read_word(struct word_list *list, const char **word, size_t *length, struct error *err)
{
    int got = input_line(list->in, word, length, err);
    if (got > 0 && list->in->line == 1 && memchr(*word, '\t', *length)) {
        list->table = true;
        got = input_line(list->in, word, length, err);
    }
    if (got <= 0)
        return got;
    const char *tab = list->table ? memchr(*word, '\t', *length) : NULL;
    if (tab)
        *length = (size_t)(tab - *word);
    else if (*length > 0 && (*word)[*length - 1] == '\r')
        --*length;
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
    return got > 0 ? input_line_fault(list->in, err, "more words than vectors (%llu)",
                                      (unsigned long long)rows)
                   : got;
}

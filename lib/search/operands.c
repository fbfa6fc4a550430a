/* SPDX-License-Identifier: MIT */
#include "search/operands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stream/words.h"

bool operands_is_number(const char *text)
{
    return *text && text[strspn(text, "0123456789")] == 0;
}

static bool is_sign(const char *text)
{
    return (text[0] == '+' || text[0] == '-') && text[1] == 0;
}

/* Reports that the last operand, which ends a sum, may be K or a word. */
static int refuse_number(const struct operands *o, struct error *err)
{
    int first = o->count - 3;
    while (first >= 2 && is_sign(o->operand[first - 1]) && !is_sign(o->operand[first - 2]))
        first -= 2;
    char sum[400] = "";
    for (int i = first; i < o->count; i++) {
        size_t used = strlen(sum);
        snprintf(sum + used, sizeof sum - used, "%s%s", i > first ? " " : "", o->operand[i]);
    }
    const char *number = o->operand[o->count - 1];
    return error_set(err, STATUS_USAGE,
                     "%s: is %s the number of neighbours, or a word? For the number use -k %s, for "
                     "the sum write '%s' as one argument",
                     sum, number, number, sum);
}

int operands_take_k(struct operands *o, int least, uint32_t *k, struct error *err)
{
    int last = o->count - 1;
    if (last < least || !operands_is_number(o->operand[last]))
        return 0;
    const char *number = o->operand[last];
    bool in_sum = last >= 2 && is_sign(o->operand[last - 1]) && !is_sign(o->operand[last - 2]);
    if (in_sum && o->typed)
        return 0;
    if (in_sum)
        return refuse_number(o, err);
    errno = 0;
    unsigned long long value = strtoull(number, NULL, 10);
    if (errno != 0 || value < 1 || value > WORDS_MAX)
        return error_set(err, STATUS_USAGE, "K=%s: expected a whole number from 1 to %ld", number,
                         (long)WORDS_MAX);
    *k = (uint32_t)value;
    o->count--;
    return 1;
}

static int put(struct bytes *query, const char *text, struct error *err)
{
    if (query->size > 0 && bytes_put(query, " ", 1, err) < 0)
        return -1;
    return bytes_put(query, text, strlen(text), err);
}

int operands_next(struct operands *o, struct bytes *query, struct error *err)
{
    if (o->next >= o->count)
        return 0;
    char *const *at = o->operand + o->next, *const *end = o->operand + o->count;
    query->size = 0;
    if (put(query, *at++, err) < 0)
        return -1;
    for (; at + 1 < end && is_sign(*at); at += 2) {
        if (is_sign(at[-1]) || is_sign(at[1]))
            return error_set(err, STATUS_USAGE,
                             "%s %s %s: write a sum with + or - in the place of a word as one "
                             "argument, such as 'a + -'",
                             at[-1], at[0], at[1]);
        if (put(query, at[0], err) < 0 || put(query, at[1], err) < 0)
            return -1;
    }
    o->next = (int)(at - o->operand);
    if (bytes_put(query, "", 1, err) < 0)
        return -1;
    query->size--;
    return 1;
}

int operands_queries(struct operands o, bool *from_stdin, struct error *err)
{
    struct bytes query = {0};
    int got, queries = 0, dashes = 0;
    for (; (got = operands_next(&o, &query, err)) > 0; queries++)
        dashes += strcmp((const char *)query.data, "-") == 0;
    free(query.data);
    if (got == 0 && dashes > 1)
        got = error_set(err, STATUS_USAGE, "'-' reads standard input, and can be given only once");
    *from_stdin = dashes > 0;
    return got < 0 ? -1 : queries;
}

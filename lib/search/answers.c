/* SPDX-License-Identifier: MIT */
#include "search/answers.h"

#include "base/escape.h"

static void print_word(const struct answers *a, uint32_t id)
{
    escape_print_if(a->to, words_text(a->words, id), words_length(a->words, id), a->terminal);
}

static void print_text(const struct answers *a, const char *query, size_t length,
                       const struct neighbour *found, uint32_t n)
{
    if (a->headings) {
        fputs(a->printed ? "\n" : "", a->to);
        escape_print_if(a->to, query, length, a->terminal);
        fputs(":\n", a->to);
    }
    for (uint32_t i = 0; i < n; i++) {
        fprintf(a->to, "cosine sim=%.3f: ", found[i].cosine);
        print_word(a, found[i].id);
        fputc('\n', a->to);
    }
}

static void print_tsv(const struct answers *a, const char *query, size_t length,
                      const struct neighbour *found, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        escape_print_if(a->to, query, length, a->terminal);
        fprintf(a->to, "\t%lu\t", (unsigned long)i + 1);
        print_word(a, found[i].id);
        fprintf(a->to, "\t%.6f\n", found[i].cosine);
    }
}

static void print_json(const struct answers *a, const char *query, size_t length,
                       const struct neighbour *found, uint32_t n)
{
    fputs("{\"query\":", a->to);
    escape_print_json(a->to, query, length);
    fputs(",\"neighbours\":[", a->to);
    for (uint32_t i = 0; i < n; i++) {
        fputs(i ? ",{\"word\":" : "{\"word\":", a->to);
        escape_print_json(a->to, words_text(a->words, found[i].id),
                          words_length(a->words, found[i].id));
        fprintf(a->to, ",\"cosine\":%.6f}", found[i].cosine);
    }
    fputs("]}\n", a->to);
}

void answers_print(struct answers *a, const char *query, size_t length,
                   const struct neighbour *found, uint32_t k)
{
    static void (*const print[])(const struct answers *, const char *, size_t,
                                 const struct neighbour *, uint32_t) = {
        [ANSWERS_TEXT] = print_text, [ANSWERS_TSV] = print_tsv, [ANSWERS_JSON] = print_json};
    uint32_t n = 0;
    while (n < k && found[n].id != NO_WORD)
        n++;
    print[a->format](a, query, length, found, n);
    a->printed++;
}

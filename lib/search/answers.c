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

static void print_json_word(const struct answers *a, uint32_t id)
{
    escape_print_json(a->to, words_text(a->words, id), words_length(a->words, id));
}

static void print_json(const struct answers *a, const char *query, size_t length,
                       const struct neighbour *found, uint32_t n)
{
    fputs("{\"query\":", a->to);
    escape_print_json(a->to, query, length);
    fputs(",\"neighbours\":[", a->to);
    for (uint32_t i = 0; i < n; i++) {
        fputs(i ? ",{\"word\":" : "{\"word\":", a->to);
        print_json_word(a, found[i].id);
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
    while (n < k && found[n].id != NO_WORD && found[n].cosine >= a->min_cosine)
        n++;
    print[a->format](a, query, length, found, n);
    a->printed++;
}

/* Prints words separated by a character, or the start of a JSON object that lists them. */
static void print_words(const struct answers *a, const uint32_t *id, size_t n, char separator)
{
    if (a->format == ANSWERS_JSON)
        fputs("{\"words\":[", a->to);
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            fputc(a->format == ANSWERS_JSON ? ',' : separator, a->to);
        if (a->format == ANSWERS_JSON)
            print_json_word(a, id[i]);
        else
            print_word(a, id[i]);
    }
    if (a->format == ANSWERS_JSON)
        fputc(']', a->to);
}

/* Prints the cosine at the end of a line of TSV or JSON. */
static void print_cosine(const struct answers *a, double cosine)
{
    if (a->format == ANSWERS_JSON)
        fprintf(a->to, ",\"cosine\":%.6f}\n", cosine);
    else
        fprintf(a->to, "\t%.6f\n", cosine);
}

void answers_print_pair(struct answers *a, const uint32_t id[2], double cosine)
{
    if (a->format == ANSWERS_TEXT) {
        fprintf(a->to, "cosine sim=%.3f: ", cosine);
        print_words(a, id, 2, ' ');
        fputc('\n', a->to);
    } else {
        print_words(a, id, 2, '\t');
        print_cosine(a, cosine);
    }
}

void answers_print_odd(struct answers *a, const uint32_t *id, size_t n, uint32_t odd, double cosine)
{
    if (a->format == ANSWERS_TEXT) {
        fprintf(a->to, "cosine sim=%.3f: ", cosine);
        print_word(a, odd);
        fputc('\n', a->to);
        return;
    }
    print_words(a, id, n, ' ');
    if (a->format == ANSWERS_JSON) {
        fputs(",\"odd\":", a->to);
        print_json_word(a, odd);
    } else {
        fputc('\t', a->to);
        print_word(a, odd);
    }
    print_cosine(a, cosine);
}

void answers_print_rejected(struct answers *a, const char *query, size_t length,
                            const struct piece *unknown, size_t unknowns)
{
    if (a->format != ANSWERS_JSON)
        return;
    fputs("{\"query\":", a->to);
    escape_print_json(a->to, query, length);
    fputs(unknowns ? ",\"error\":\"unknown word\",\"unknown\":[" : ",\"error\":\"invalid query\"",
          a->to);
    for (size_t i = 0; i < unknowns; i++) {
        if (i > 0)
            fputc(',', a->to);
        escape_print_json(a->to, unknown[i].text, unknown[i].length);
    }
    fputs(unknowns ? "]}\n" : "}\n", a->to);
}

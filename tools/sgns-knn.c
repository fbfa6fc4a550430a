/* SPDX-License-Identifier: MIT */
/* sgns-knn -- vectors to text: the nearest words of a word. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "knn.h"
#include "memory.h"
#include "output.h"
#include "spelling.h"
#include "text.h"
#include "vectors.h"

static const struct cli_option options[] = {{0}};

static const struct cli_program program = {
    .name = "sgns-knn",
    .operands = "VECTORS WORD [K]",
    .summary = "Print the K words (10) nearest to WORD, by the cosine of their vectors.",
    .options = options,
    .max_operands = 3,
    .example = "sgns-knn emb.bin chip 3",
};

static struct error err;

static uint32_t parse_k(const char *text)
{
    char *end;
    errno = 0;
    unsigned long long k = strtoull(text, &end, 10);
    if (!isdigit((unsigned char)text[0]) || *end != 0 || errno != 0 || k < 1 || k > WORDS_MAX)
        cli_usage_error("K=%s: expected a whole number from 1 to %ld", text, (long)WORDS_MAX);
    return (uint32_t)k;
}

/* Names the word that is not there, and what it may have been meant to be. */
_Noreturn static void die_unknown(const struct vocab *vocab, const char *name, const char *word)
{
    uint32_t offer[SPELLING_OFFERS];
    int n = must(spelling_closest(vocab, word, strlen(word), offer, &err), &err);
    char offers[512] = "";
    for (int i = 0; i < n; i++) {
        size_t used = strlen(offers);
        snprintf(offers + used, sizeof offers - used, "%s%.*s",
                 i ? ", " : "; closest: ", (int)words_length(&vocab->words, offer[i]),
                 words_text(&vocab->words, offer[i]));
    }
    error_set(&err, STATUS_USAGE, "%s: '%s' is not in the vocabulary%s", name, word, offers);
    cli_die(&err);
}

static uint32_t find(struct vocab *vocab, const char *name, const char *word)
{
    struct word_index *index = word_index_new(&vocab->words, &err);
    if (!index)
        cli_die(&err);
    uint32_t id = word_index_find(index, word, strlen(word));
    word_index_free(index);
    if (id == NO_WORD)
        die_unknown(vocab, name, word);
    return id;
}

static void print(const struct output *out, const struct words *words,
                  const struct neighbour *found, int64_t n)
{
    bool terminal = isatty(out->fd);
    for (int64_t i = 0; i < n; i++) {
        fprintf(out->text, "cosine sim=%.3f: ", found[i].cosine);
        text_print(out->text, words_text(words, found[i].id), words_length(words, found[i].id),
                   terminal);
        fputc('\n', out->text);
    }
}

int main(int argc, char **argv)
{
    char **operand = cli_start(&program, argc, argv);
    if (!operand[0] || !operand[1])
        cli_usage_error("expected VECTORS and a WORD");
    uint32_t k = operand[2] ? parse_k(operand[2]) : 10;
    const char *name;
    int fd = cli_open_input(operand[0], &name, STREAM_VECTORS);
    struct output out;
    must(output_open(&out, cli_common()->output, fd, &err), &err);
    must(output_text(&out, &err), &err);

    struct vectors_reader in;
    must(vectors_reader_open(&in, fd, name, &err), &err);
    float *rows = vectors_read_all(&in, &err);
    if (!rows)
        cli_die(&err);
    struct vocab *vocab = &in.head.vocab;
    uint32_t query = find(vocab, name, operand[1]);
    if (k > vocab->words.count)
        k = vocab->words.count;
    struct neighbour *found = memory_new(k, sizeof *found, &err);
    if (!found)
        cli_die(&err);
    int64_t n = knn_search(rows, vocab->words.count, in.dim, query, k, found, &err);
    if (n < 0)
        cli_die(&err);
    print(&out, &vocab->words, found, n);
    must(output_commit(&out, &err), &err);

    free(found);
    free(rows);
    vectors_reader_close(&in);
    return STATUS_OK;
}

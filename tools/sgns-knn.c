/* SPDX-License-Identifier: MIT */
/* sgns-knn -- vectors to text: the nearest words of a word. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "gpu.h"
#include "knn.h"
#include "memory.h"
#include "output.h"
#include "spelling.h"
#include "team.h"
#include "text.h"
#include "vectors.h"

static const char unasked[] = "auto"; /* told from an "auto" that the user wrote by its address */
static const char *device = unasked;
static uint32_t threads;

static const struct cli_option options[] = {
    {'D', "device", OPTION_STRING, &device, "DEVICE: auto, cpu, cuda or cuda:N", 0, 0, false},
    {'t', "threads", OPTION_U32, &threads, "N: threads on the CPU, 0: one per processor", 0, 1024,
     false},
    {0},
};

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

/* The search, and a line about its device where there is something to say: the GPU that it is, or
 * why not one; of little work kept on the CPU only to a user who asked for the choice. */
static struct knn *start(const struct knn_config *config)
{
    char note[DEVICE_NOTE];
    struct knn *knn = knn_create(device, config, note, &err);
    if (!knn)
        cli_die(&err);
    if (*note)
        cli_note("%s", note);
    else if (device != unasked && strcmp(device, "auto") == 0 && gpu_built())
        cli_note("on the CPU: too little work for a GPU");
    return knn;
}

static void print(const struct output *out, const struct words *words,
                  const struct neighbour *found, uint32_t n)
{
    bool terminal = isatty(out->fd);
    for (uint32_t i = 0; i < n; i++) {
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
    must(gpu_check_name(device, &err), &err);
    uint32_t k = operand[2] ? parse_k(operand[2]) : 10;
    const char *name;
    int fd = cli_open_input(operand[0], &name, true);
    struct output out;
    must(output_open(&out, cli_common()->output, fd, &err), &err);
    must(output_text(&out, &err), &err);

    struct vectors_reader in;
    must(vectors_reader_open(&in, fd, name, &err), &err);
    float *rows = vectors_read_all(&in, &err);
    if (!rows)
        cli_die(&err);
    struct vocab *vocab = &in.head.vocab;
    uint32_t query_id;
    must(spelling_find(vocab, name, operand[1], &query_id, &err), &err);
    if (k > vocab->words.count - 1)
        k = vocab->words.count - 1;
    struct knn_config config = {
        rows, vocab->words.count, in.dim, 1, k, threads ? threads : team_processors()};
    struct knn_query query = knn_query_word(&config, &query_id);
    struct knn *knn = start(&config);
    struct neighbour *found = memory_new(k, sizeof *found, &err);
    if (!found)
        cli_die(&err);
    if (k > 0)
        must(knn->methods->search(knn, &query, 1, k, found, &err), &err);
    print(&out, &vocab->words, found, k);
    must(output_commit(&out, &err), &err);

    free(found);
    knn->methods->destroy(knn);
    free(rows);
    vectors_reader_close(&in);
    return STATUS_OK;
}

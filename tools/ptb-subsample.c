/* SPDX-License-Identifier: MIT */
/* ptb-subsample -- corpus to corpus: drops <unk> and occurrences of frequent words. */
#include "cli.h"
#include "corpus.h"
#include "output.h"
#include "subsample.h"

static struct {
    double threshold;
    uint64_t seed;
} opt = {.threshold = 1e-4, .seed = 1};

static const struct cli_option options[] = {
    {'t', "threshold", OPTION_DOUBLE, &opt.threshold,
     "T: keep a word of relative frequency f with sqrt(T/f)", 0, 1, true},
    {'s', "seed", OPTION_U64, &opt.seed, "N: of the random numbers", 0, 0x1p64, true},
    {0},
};

static const struct cli_program program = {
    .name = "ptb-subsample",
    .operands = "[CORPUS]",
    .summary = "Drop <unk> and, at random, occurrences of frequent words from a corpus stream.",
    .options = options,
    .max_operands = 1,
    .example = "ptb-vocab < ptb.txt | ptb-subsample -t 1e-5 > corpus.bin",
    .binary = true,
};

int main(int argc, char **argv)
{
    struct error err;
    char **operand = cli_start(&program, argc, argv);
    const char *name;
    int fd = cli_open_input(operand[0], &name, true);
    struct output out;
    must(output_open(&out, cli_common()->output, fd, &err), &err);

    struct corpus_reader in;
    struct corpus_writer corpus;
    struct subsampler subsampler;
    must(corpus_reader_open(&in, fd, name, &err), &err);
    must(subsampler_init(&subsampler, &in.head.vocab, opt.threshold, opt.seed, &err), &err);
    cli_add_provenance(&in.head);
    must(corpus_writer_open(&corpus, out.fd, out.name, &in.head, &err), &err);

    size_t count;
    while (must(corpus_read(&in, &count, &err), &err) > 0)
        for (size_t i = 0; i < count; i++)
            if (in.token[i] == SENTENCE_END || subsampler_keeps(&subsampler, in.token[i]))
                must(corpus_write(&corpus, in.token[i], &err), &err);
    /* Before END goes out: so the notes of a pipe's programs come in the order of the pipe. */
    cli_note("%llu of %llu tokens kept", (unsigned long long)corpus.totals.tokens,
             (unsigned long long)subsampler.token);
    must(corpus_writer_finish(&corpus, &err), &err);
    must(output_commit(&out, &err), &err);

    subsampler_release(&subsampler);
    corpus_writer_close(&corpus);
    corpus_reader_close(&in);
    return STATUS_OK;
}

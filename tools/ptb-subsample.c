/* SPDX-License-Identifier: MIT */
/* ptb-subsample -- reads a corpus, writes a corpus without <unk> and with fewer frequent words. */
#include <stdlib.h>

#include "base/memory.h"
#include "base/output.h"
#include "program/cli.h"
#include "program/progress.h"
#include "stream/corpus.h"
#include "text/subsample.h"

static struct {
    struct subsample_options subsample;
    uint32_t draws;
} opt = {.subsample = {.threshold = 1e-4, .seed = 1}, .draws = 1};

static const struct cli_option options[] = {
    {0, "threshold", OPTION_DOUBLE, &opt.subsample.threshold,
     "T: keep a word of relative frequency f with probability sqrt(T/f)", 0, 1, true},
    {0, "word2vec", OPTION_FLAG, &opt.subsample.word2vec,
     "use probability sqrt(T/f) + T/f, as word2vec does", 0, 0, true},
    {0, "draws", OPTION_U32, &opt.draws,
     "N: write each sentence N times, each time with a new random draw", 1, 1000000, true},
    {'s', "seed", OPTION_U64, &opt.subsample.seed, "N: random seed", 0, 0x1p64, true},
    {0},
};

static const struct cli_program program = {
    .name = "ptb-subsample",
    .operands = "[CORPUS]",
    .summary = "Drop <unk> and, at random, occurrences of frequent words from a corpus stream.",
    .options = options,
    .max_operands = 1,
    .example = "ptb-vocab < ptb.txt | ptb-subsample --threshold 1e-5 > corpus.bin",
    .binary = true,
};

static struct error err;

/* Counts the sentences with at least two words, of which sgns-batch can make examples. */
struct sentence_count {
    uint64_t words; /* of the current sentence, so far */
    uint64_t usable;
};

struct sampling {
    struct subsampler subsampler;
    struct corpus_writer out;
    uint64_t seen; /* tokens other than <unk>, over all draws */
    struct sentence_count before, after;
    uint32_t *sentence; /* the current sentence, if there are several draws */
    size_t length, capacity;
};

static void count_token(struct sentence_count *sentences, uint32_t token)
{
    if (token == SENTENCE_END)
        sentences->words = 0;
    else if (token != UNKNOWN_ID && ++sentences->words == 2)
        sentences->usable++;
}

/* Writes the kept ones of the next `n` tokens of the corpus, once per draw. */
static void sample(struct sampling *s, const uint32_t *token, size_t n)
{
    uint64_t first = s->subsampler.token;
    for (uint32_t draw = 0; draw < opt.draws; draw++) {
        subsampler_seek(&s->subsampler, first, draw);
        for (size_t i = 0; i < n; i++) {
            count_token(&s->before, token[i]);
            if (token[i] != SENTENCE_END && !subsampler_keeps(&s->subsampler, token[i]))
                continue;
            count_token(&s->after, token[i]);
            must(corpus_write(&s->out, token[i], &err), &err);
        }
        s->seen += s->subsampler.token - first;
    }
}

static void sample_by_sentences(struct sampling *s, const uint32_t *token, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        must(memory_reserve(&s->sentence, &s->capacity, s->length + 1, sizeof *token, &err), &err);
        s->sentence[s->length++] = token[i];
        if (token[i] == SENTENCE_END) {
            sample(s, s->sentence, s->length);
            s->length = 0;
        }
    }
}

static void note_results(const struct sampling *s)
{
    const char *left = s->out.totals.tokens == 0 ? "nothing is" : "no sentence has two words";
    cli_note("%llu of %llu token%s kept", (unsigned long long)s->out.totals.tokens,
             (unsigned long long)s->seen, plural(s->seen));
    if (s->seen > 0 && (s->out.totals.tokens == 0 || (s->before.usable && !s->after.usable)))
        cli_note("%s left: use a larger --threshold; a small text needs no subsampling", left);
}

int main(int argc, char **argv)
{
    char **operand = cli_start(&program, argc, argv);
    const char *name;
    int fd = cli_open_input(operand[0], &name, true);
    struct output out;
    must(output_open(&out, cli_common()->output, fd, &err), &err);

    struct corpus_reader in;
    struct sampling s = {0};
    must(corpus_reader_open(&in, fd, name, &err), &err);
    must(subsampler_init(&s.subsampler, &in.header.vocab, &opt.subsample, &err), &err);
    cli_add_provenance(&in.header);
    must(corpus_writer_open(&s.out, out.fd, out.name, &in.header, &err), &err);

    size_t count;
    progress_before_output(out.fd);
    progress_start_input(fd);
    while (must(corpus_read(&in, &count, &err), &err) > 0) {
        (opt.draws == 1 ? sample : sample_by_sentences)(&s, in.token, count);
        progress_update_input("%.1fM tokens, %.1fM kept", (double)s.seen / 1e6,
                              (double)s.out.totals.tokens / 1e6);
    }
    /* Before END is written, so that the notes of a pipe appear in the order of its programs. */
    note_results(&s);
    must(corpus_writer_finish(&s.out, &err), &err);
    must(output_commit(&out, &err), &err);

    free(s.sentence);
    subsampler_release(&s.subsampler);
    corpus_writer_close(&s.out);
    corpus_reader_close(&in);
    return STATUS_OK;
}

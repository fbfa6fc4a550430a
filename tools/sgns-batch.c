/* SPDX-License-Identifier: MIT */
/* sgns-batch -- reads a corpus, writes batches: windows, noise words, shuffled minibatches. */
#include "base/limits.h"
#include "base/output.h"
#include "batch/batcher.h"
#include "program/cli.h"
#include "program/progress.h"
#include "stream/corpus.h"

static struct {
    struct examples_options examples;
    uint32_t batch_size, epochs, threads;
    uint64_t memory;
} opt = {
    .examples = {.window = 5, .negatives = 5, .noise_exponent = 0.75, .shuffle = true, .seed = 1},
    .batch_size = 512,
    .epochs = 5,
    .memory = 1 << 30,
};

static const struct cli_option options[] = {
    {'b', "batch-size", OPTION_U32, &opt.batch_size, "N: examples per minibatch", 1, BATCH_SIZE_MAX,
     true},
    {'w', "window", OPTION_U32, &opt.examples.window,
     "N: maximum window; each centre word draws 1 to N", 1, 1000, true},
    {'n', "negatives", OPTION_U32, &opt.examples.negatives, "K: noise words per context word", 1,
     1000, true},
    {0, "shared-noise", OPTION_FLAG, &opt.examples.shared_noise,
     "K noise words per centre word instead of per context word", 0, 0, true},
    {0, "noise-exponent", OPTION_DOUBLE, &opt.examples.noise_exponent,
     "A: draw noise words in proportion to count^A", -4, 4, true},
    {'e', "epochs", OPTION_U32, &opt.epochs, "N: passes over the corpus", 1, 1000000, true},
    {0, "resample", OPTION_FLAG, &opt.examples.fresh,
     "draw new windows and noise words in each epoch", 0, 0, true},
    {0, "no-shuffle", OPTION_UNSET, &opt.examples.shuffle, "keep the examples in corpus order", 0,
     0, true},
    {'s', "seed", OPTION_U64, &opt.examples.seed, "N: random seed", 0, 0x1p64, true},
    {'t', "threads", OPTION_U32, &opt.threads, "N: threads to use; 0: one per processor, at most 8",
     0, 1024, false},
    {0, "memory", OPTION_SIZE, &opt.memory,
     "SIZE: memory limit for corpus and shuffle order; larger corpora spill to $TMPDIR", 1 << 20,
     0x1p60, false},
    {0},
};

static const struct cli_program program = {
    .name = "sgns-batch",
    .operands = "[CORPUS]",
    .summary = "Make shuffled minibatches of centre, context and noise words from a corpus.",
    .options = options,
    .max_operands = 1,
    .example = "ptb-vocab < ptb.txt | ptb-subsample | sgns-batch --epochs 10 > batches.bin",
    .binary = true,
};

static struct error err;

static struct output out;

static void read_corpus(int fd, struct corpus_reader *in, struct sentences *text)
{
    size_t count;
    progress_start_input(fd);
    while (must(corpus_read(in, &count, &err), &err) > 0) {
        must(sentences_add(text, in->token, count, &err), &err);
        progress_update_input("reading: %.1f million tokens", (double)in->totals.tokens / 1e6);
    }
    must(sentences_finish(text, &err), &err);
}

/* ---- progress: examples to write and, on disk, tokens to shuffle first ---- */

static double shuffled, written; /* so far */

static void show_shuffled(uint64_t tokens)
{
    shuffled = (double)tokens;
    progress_update(shuffled + written, "shuffling: %.1f million tokens", shuffled / 1e6);
}

static void show_written(uint64_t examples)
{
    progress_before_output(out.fd);
    written = (double)examples;
    progress_update(shuffled + written, "writing: %.1f million examples", written / 1e6);
}

static void start_progress(const struct sentences *text)
{
    bool on_disk = text->spooled && opt.examples.shuffle;
    progress_start(opt.epochs * ((double)text->count + (on_disk ? (double)text->tokens : 0)));
    if (opt.examples.shuffle)
        progress_update(0, "shuffling");
}

static unsigned choose_threads(void)
{
    unsigned threads = cli_threads(opt.threads);
    return opt.threads == 0 && threads > BATCHER_THREADS ? BATCHER_THREADS : threads;
}

static void note_without_noise(uint64_t examples)
{
    if (examples > 0)
        cli_note("%llu example%s without noise words: the context words include every word of the "
                 "vocabulary; a smaller --window avoids this",
                 (unsigned long long)examples, plural(examples));
}

int main(int argc, char **argv)
{
    char **operand = cli_start(&program, argc, argv);
    const char *name;
    if (!cli_given("memory"))
        opt.memory = limits_work_memory();
    int fd = cli_open_input(operand[0], &name, true);
    must(output_open(&out, cli_common()->output, fd, &err), &err);

    struct corpus_reader in;
    struct examples examples;
    struct sentences text;
    must(corpus_reader_open(&in, fd, name, &err), &err);
    must(examples_init(&examples, &opt.examples, &in.header.vocab, &err), &err);
    must(sentences_init(&text, header_id_width(&in.header), order_text_limit(opt.memory), &err),
         &err);
    read_corpus(fd, &in, &text);

    struct batcher_options batching = {.shape = {opt.batch_size, opt.epochs, text.count},
                                       .threads = choose_threads(),
                                       .memory = opt.memory,
                                       .name = name,
                                       .shuffled = show_shuffled,
                                       .written = show_written};
    struct batches_writer batches;
    cli_add_provenance(&in.header);
    must(batches_writer_open(&batches, out.fd, out.name, &in.header, &batching.shape, &err), &err);
    uint64_t minibatches = batches_in_all(&batching.shape), without_noise;
    cli_note("%llu example%s, %lu epoch%s, %llu minibatch%s", (unsigned long long)text.count,
             plural(text.count), (unsigned long)opt.epochs, plural(opt.epochs),
             (unsigned long long)minibatches, minibatches == 1 ? "" : "es");
    if (text.count == 0 && in.totals.tokens > 0)
        cli_note("no sentence has two words or more, not counting <unk>: a line of the text is a "
                 "sentence");
    start_progress(&text);
    must(batcher_run(&batching, &examples, &text, &batches, &without_noise, &err), &err);
    note_without_noise(without_noise);
    must(batches_writer_finish(&batches, &err), &err);
    must(output_commit(&out, &err), &err);

    batches_writer_close(&batches);
    sentences_release(&text);
    examples_release(&examples);
    corpus_reader_close(&in);
    return STATUS_OK;
}

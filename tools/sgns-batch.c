/* SPDX-License-Identifier: MIT */
/* sgns-batch -- reads a corpus, writes batches: windows, noise words, shuffled minibatches. Also
 * reads ready examples, as lines of text. */
#include <string.h>
#include <unistd.h>

#include "base/input.h"
#include "base/limits.h"
#include "base/output.h"
#include "batch/batcher.h"
#include "batch/example_lines.h"
#include "check/verify.h"
#include "program/cli.h"
#include "program/progress.h"
#include "stream/corpus.h"

static struct {
    struct examples_options examples;
    uint32_t batch_size, epochs, threads;
    uint64_t memory;
    bool lines;
    const char *vocab;
} opt = {
    .examples = {.window = 5, .negatives = 5, .noise_exponent = 0.75, .shuffle = true, .seed = 1},
    .batch_size = 512,
    .epochs = 5,
    .memory = 1 << 30,
};

enum { OPTION_WINDOW = 1 }; /* row of the table, recorded only if it is used */

static struct cli_option options[] = {
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
    {0, "examples", OPTION_FLAG, &opt.lines,
     "read lines instead of a corpus: centre word, tab, context words, optionally tab and noise "
     "words",
     0, 0, true},
    {0, "vocab", OPTION_STRING, &opt.vocab,
     "STREAM: with --examples: use the vocabulary of STREAM, not that of the lines", 0, 0, true},
    {'t', "threads", OPTION_U32, &opt.threads, "N: threads to use; 0: one per processor, at most 8",
     0, 1024, false},
    {0, "memory", OPTION_SIZE, &opt.memory,
     "SIZE: memory limit for corpus and shuffle order; larger corpora spill to $TMPDIR", 1 << 20,
     0x1p60, false},
    {0},
};

static const struct cli_program program = {
    .name = "sgns-batch",
    .operands = "[CORPUS | LINES]",
    .summary = "Make shuffled minibatches of centre, context and noise words from a corpus, or\n"
               "from lines of text.",
    .options = options,
    .max_operands = 1,
    .example = "ptb-vocab < ptb.txt | ptb-subsample | sgns-batch --epochs 10 > batches.bin",
    .binary = true,
};

static struct error err;
static struct output out;
static struct header header; /* of the output */
static struct examples examples;

/* ---- where the examples come from ---- */

static struct sentences text;
static uint64_t words_read; /* of the corpus */
static struct example_lines lines;

static void read_corpus(int fd, const char *name)
{
    struct corpus_reader in;
    size_t count;
    must(corpus_reader_open(&in, fd, name, &err), &err);
    must(examples_init(&examples, &opt.examples, &in.header.vocab, &err), &err);
    must(sentences_init(&text, header_id_width(&in.header), order_source_limit(opt.memory), &err),
         &err);
    progress_start_input(fd);
    while (must(corpus_read(&in, &count, &err), &err) > 0) {
        must(sentences_add(&text, in.token, count, &err), &err);
        progress_update_input("reading: %.1fM tokens", (double)in.totals.tokens / 1e6);
    }
    must(sentences_finish(&text, &err), &err);
    words_read = in.totals.tokens;
    header = in.header;
    in.header = (struct header){0};
    corpus_reader_close(&in);
}

/* Reads the vocabulary and the provenance of --vocab. */
static void read_vocab(void)
{
    const char *name;
    int fd = cli_open_other_input(opt.vocab, &name, true);
    progress_start_input(fd);
    must(verify_vocab(fd, name, &header, progress_reading_vocab, &err), &err);
    close(fd);
}

static void show_lines(uint64_t read)
{
    progress_update_input("reading: %.1fM examples", (double)read / 1e6);
}

static void note_dropped(const char *name)
{
    if (lines.unknown > 0)
        cli_note("%s: %llu unknown word%s dropped, and %llu of %llu examples with them", name,
                 (unsigned long long)lines.unknown, plural(lines.unknown),
                 (unsigned long long)lines.dropped, (unsigned long long)lines.lines);
}

static void read_lines(int fd, const char *name)
{
    struct input in = input_from(fd, name);
    if (opt.vocab)
        read_vocab();
    progress_start_input(fd);
    must(example_lines_read(&lines, &in, order_source_limit(opt.memory), &header.vocab, show_lines,
                            &err),
         &err);
    input_release(&in);
    /* Noise words stand for context words: without --vocab they are drawn by how often they are
     * context words. */
    struct vocab drawn_from = header.vocab;
    if (lines.context_count)
        drawn_from.count = lines.context_count;
    must(examples_init(&examples, &opt.examples, &drawn_from, &err), &err);
    note_dropped(name);
}

/* ---- progress: examples to write and, on disk, positions to shuffle first ---- */

static double shuffled, written; /* so far */

static void show_shuffled(uint64_t positions)
{
    shuffled = (double)positions;
    progress_update(shuffled + written, "shuffling: %.1fM %s", shuffled / 1e6,
                    opt.lines ? "examples" : "tokens");
}

static void show_written(uint64_t n)
{
    progress_before_output(out.fd);
    written = (double)n;
    progress_update(shuffled + written, "writing: %.1fM examples", written / 1e6);
}

static void start_progress(const struct example_source *source)
{
    bool in_memory = source->text && !source->text->spooled;
    double to_shuffle = in_memory || !opt.examples.shuffle ? 0 : (double)source_positions(source);
    progress_start(opt.epochs * ((double)source_examples(source) + to_shuffle));
    if (opt.examples.shuffle)
        progress_update(0, "shuffling");
}

/* ---- batches ---- */

static unsigned choose_threads(void)
{
    unsigned threads = cli_threads(opt.threads);
    return opt.threads == 0 && threads > BATCHER_THREADS ? BATCHER_THREADS : threads;
}

static void note_without_noise(uint64_t without)
{
    if (without > 0)
        cli_note("%llu example%s without noise words: the context words include every word of the "
                 "vocabulary%s",
                 (unsigned long long)without, plural(without),
                 opt.lines ? "" : "; a smaller --window avoids this");
}

static void write_batches(const char *name)
{
    const struct example_source source = {.text = opt.lines ? NULL : &text,
                                          .given = opt.lines ? &lines.store : NULL};
    const uint64_t n = source_examples(&source);
    struct batcher_options batching = {.shape = {opt.batch_size, opt.epochs, n},
                                       .threads = choose_threads(),
                                       .memory = opt.memory,
                                       .name = name,
                                       .shuffled = show_shuffled,
                                       .written = show_written};
    struct batches_writer batches;
    must(batches_writer_open(&batches, out.fd, out.name, &header, &batching.shape, &err), &err);
    uint64_t minibatches = batches_in_all(&batching.shape), without_noise;
    cli_note("%llu example%s, %lu epoch%s, %llu minibatch%s", (unsigned long long)n, plural(n),
             (unsigned long)opt.epochs, plural(opt.epochs), (unsigned long long)minibatches,
             minibatches == 1 ? "" : "es");
    if (!opt.lines && n == 0 && words_read > 0)
        cli_note("no sentence has two words or more, not counting <unk>: a line of the text is a "
                 "sentence");
    start_progress(&source);
    must(batcher_run(&batching, &examples, &source, &batches, &without_noise, &err), &err);
    note_without_noise(without_noise);
    must(batches_writer_finish(&batches, &err), &err);
    batches_writer_close(&batches);
}

/* ---- the command line ---- */

static void check_command_line(const char *operand)
{
    if (opt.vocab && !opt.lines)
        cli_usage_error("--vocab requires --examples");
    if (opt.lines && cli_given("window"))
        cli_usage_error("--examples and --window cannot be combined");
    if (opt.vocab && input_is_stdin(opt.vocab) && input_is_stdin(operand))
        cli_usage_error("standard input can be read only once");
    options[OPTION_WINDOW].recorded = !opt.lines;
}

int main(int argc, char **argv)
{
    char **operand = cli_start(&program, argc, argv);
    const char *name;
    check_command_line(operand[0]);
    if (!cli_given("memory"))
        opt.memory = limits_work_memory();
    int fd = cli_open_input(operand[0], &name, !opt.lines);
    must(output_open(&out, cli_common()->output, fd, &err), &err);
    if (opt.lines)
        read_lines(fd, name);
    else
        read_corpus(fd, name);
    cli_add_provenance(&header);
    write_batches(name);
    must(output_commit(&out, &err), &err);

    sentences_release(&text);
    example_lines_release(&lines);
    examples_release(&examples);
    header_release(&header);
    return STATUS_OK;
}

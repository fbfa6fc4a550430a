/* SPDX-License-Identifier: MIT */
/* ptb-vocab -- text to corpus stream: counts words, builds the vocabulary, encodes. The counts may
 * also come from elsewhere, or be all that is wanted. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/output.h"
#include "base/system.h"
#include "check/verify.h"
#include "program/cli.h"
#include "program/progress.h"
#include "stream/corpus.h"
#include "stream/counts.h"
#include "text/encode.h"
#include "text/text_counter.h"
#include "text/tokenizer.h"
#include "text/word_counter.h"

static struct {
    uint64_t min_count, memory;
    uint32_t max_vocab, threads;
    const char *vocab;
    bool strict, count, merge;
} opt = {.min_count = 10, .max_vocab = WORDS_MAX, .threads = 1, .memory = 1 << 30};

enum { OPTION_MIN_COUNT, OPTION_MAX_VOCAB }; /* in the table: not always of use */

static struct cli_option options[] = {
    {'m', "min-count", OPTION_U64, &opt.min_count, "N: keep words that occur at least N times", 1,
     0x1p64, true},
    {'M', "max-vocab", OPTION_U32, &opt.max_vocab,
     "N: of these, keep the most frequent, N with <unk>", 1, WORDS_MAX, true},
    {0, "vocab", OPTION_STRING, &opt.vocab,
     "STREAM: encode with the words of this stream, or with its counts", 0, 0, true},
    {'c', "count", OPTION_FLAG, &opt.count, "write a counts stream: every word with its count", 0,
     0, true},
    {0, "merge", OPTION_FLAG, &opt.merge, "read counts streams, and write their sum as one", 0, 0,
     true},
    {0, "memory", OPTION_SIZE, &opt.memory,
     "SIZE: hold so much of the text in memory, the rest on disk", 0, 0x1p62, false},
    {'t', "threads", OPTION_U32, &opt.threads, "N: threads, 0: one per processor", 0, 1024, false},
    {0, "strict", OPTION_FLAG, &opt.strict, "refuse words above 65535 bytes or with a zero byte", 0,
     0, false},
    {0},
};

static const struct cli_program program = {
    .name = "ptb-vocab",
    .operands = "[FILE | STREAM...]",
    .summary =
        "Count the words of a text, build the vocabulary, and write the text as a corpus stream.",
    .options = options,
    .max_operands = INT_MAX,
    .example = "ptb-vocab < ptb.txt | ptb-subsample | sgns-batch | sgns-train > emb.bin",
    .binary = true,
};

static struct error err;
static struct output out;
static struct header header; /* of the output */

/* A stream that is read must not be the output, too. */
static void refuse_as_output(const char *name, int fd)
{
    if (output_is_same(cli_common()->output, fd))
        cli_usage_error("%s: is the output as well", name);
}

/* ---- reading the text ---- */

static struct progress progress;

static void show_progress(uint64_t bytes, uint64_t tokens)
{
    if (progress_due(&progress))
        progress_show(&progress, "%.0f MB read, %.1f million tokens", (double)bytes / 1e6,
                      (double)tokens / 1e6);
}

static struct text_options reading(void)
{
    return (struct text_options){
        .threads = opt.threads, .strict = opt.strict, .progress = show_progress};
}

/* Keeps no more than `memory` bytes of the text in memory; NULL: nothing of it at all. */
static void count_text(struct text_counter *counter, struct text_reader *text,
                       const uint64_t *memory)
{
    struct text_options options = reading();
    progress_start(&progress, cli_common()->quiet);
    must(text_counter_run(counter, text, &options, memory, &err), &err);
}

/* ---- what is told at the end: before END goes out, so that the notes of a pipe's programs come in
 * the order of the pipe ---- */

static void tell_bad_words(uint64_t bad_words)
{
    if (bad_words > 0)
        cli_note("%llu words above %d bytes or with a zero byte became " UNKNOWN_WORD,
                 (unsigned long long)bad_words, WORD_MAX);
}

static void tell_totals(const struct corpus_totals *totals, uint32_t words)
{
    cli_note("%llu sentences, %llu tokens, %s of %lu words", (unsigned long long)totals->sentences,
             (unsigned long long)totals->tokens, opt.count || opt.merge ? "counts" : "vocabulary",
             (unsigned long)words);
}

/* ---- text to corpus ---- */

static void finish(struct corpus_writer *corpus, uint64_t bad_words)
{
    tell_bad_words(bad_words);
    tell_totals(&corpus->totals, header.vocab.words.count);
    must(corpus_writer_finish(corpus, &err), &err);
    corpus_writer_close(corpus);
}

/* Makes the output's vocabulary, of what --min-count and --max-vocab leave of these words. Returns
 * the id that each of them now has, for the caller to free. */
static uint32_t *select_words(const struct vocab *counted)
{
    uint32_t *new_id = memory_new(counted->words.count, sizeof *new_id, &err);
    if (!new_id)
        cli_die(&err);
    must(vocab_select(&header.vocab, &counted->words, counted->count, 0, opt.min_count,
                      opt.max_vocab, new_id, &err),
         &err);
    return new_id;
}

/* Counts the whole text, then writes it with its own vocabulary. */
static void encode_own(struct text_reader *text)
{
    struct corpus_writer corpus;
    struct text_counter counter;
    count_text(&counter, text, &opt.memory);
    uint32_t *new_id = select_words(&counter.whole.counted);
    must(corpus_writer_open(&corpus, out.fd, out.name, &header, &err), &err);
    must(encode_counted(&counter, new_id, &corpus, &err), &err);
    finish(&corpus, counter.whole.bad_words);
    free(new_id);
    text_counter_release(&counter);
}

/* Writes the text with the vocabulary in `header` as it comes. */
static void encode_with_given(struct text_reader *text)
{
    struct corpus_writer corpus;
    struct text_options options = reading();
    struct word_index *index = word_index_new(&header.vocab.words, &err);
    if (!index)
        cli_die(&err);
    uint64_t bad_words;
    options.progress = NULL;
    must(corpus_writer_open(&corpus, out.fd, out.name, &header, &err), &err);
    must(encode_text(text, &options, index, &corpus, &bad_words, &err), &err);
    finish(&corpus, bad_words);
    word_index_free(index);
}

/* Cuts the vocabulary in `header`, which is of counts. */
static void cut_vocab(void)
{
    struct vocab counted = header.vocab;
    header.vocab = (struct vocab){0};
    free(select_words(&counted));
    vocab_release(&counted);
}

/* Takes over the vocabulary of a stream, and how it was made. */
static void read_vocab(const char *path)
{
    const char *name;
    int fd = cli_open_input(path, &name, true);
    refuse_as_output(name, fd);
    int kind = must(verify_stream(fd, name, &header, &err), &err);
    bool counted = vocab_has_unknown(&header.vocab) &&
                   (vocab_known_tokens(&header.vocab) > 0 || header.vocab.words.count == 1);
    if (kind == STREAM_VECTORS && !counted) /* its words are of no text that is known */
        must(error_set(&err, STATUS_INPUT,
                       "%s: vectors of another program, without the counts of their words", name),
             &err);
    if (kind == STREAM_COUNTS) {
        cut_vocab();
    } else if (cli_given("min-count") || cli_given("max-vocab")) {
        cli_usage_error("%s: only the vocabulary of a counts stream can be cut", name);
    } else {
        options[OPTION_MIN_COUNT].recorded = options[OPTION_MAX_VOCAB].recorded = false;
    }
    close(fd);
}

/* ---- counts ---- */

/* Writes what was counted, and takes it out of the counter. */
static void write_counts(struct word_counter *counter)
{
    tell_bad_words(counter->bad_words);
    tell_totals(&counter->totals, counter->counted.words.count);
    header.vocab = counter->counted;
    counter->counted = (struct vocab){0};
    must(counts_write(out.fd, out.name, &header, &counter->totals, &err), &err);
    word_counter_release(counter);
}

static void write_counts_of_text(struct text_reader *text)
{
    struct text_counter counter;
    count_text(&counter, text, NULL);
    write_counts(&counter.whole);
    text_counter_release(&counter);
}

/* The records of provenance that the output has, as words: to have each of them once. */
static struct words records;
static struct word_index *record_index;

static void join_provenance(const struct header *from)
{
    for (size_t i = 0; i < from->programs; i++) {
        const struct bytes *record = &from->provenance[i];
        uint32_t known = records.count;
        uint32_t place =
            word_index_intern(record_index, (const char *)record->data, record->size, &err);
        if (place == NO_WORD)
            cli_die(&err);
        if (place == known)
            must(header_add_provenance(&header, record->data, record->size, &err), &err);
    }
}

static void merge_one(const char *path, struct word_counter *counter)
{
    const char *name;
    struct header from = {0};
    struct corpus_totals totals;
    int fd = cli_open_input(path, &name, true);
    refuse_as_output(name, fd);
    struct stream_reader *stream = stream_reader_open(fd, name, STREAM_COUNTS, &err);
    if (!stream)
        cli_die(&err);
    must(counts_read(stream, &from, &totals, &err), &err);
    must(word_counter_merge(counter, name, &from.vocab, &totals, &err), &err);
    join_provenance(&from);
    stream_reader_close(stream);
    header_release(&from);
    close(fd);
}

/* Of the streams, or of standard input where there is none. */
static void merge_counts(char **stream)
{
    struct word_counter counter;
    struct header own = {0};
    record_index = word_index_new(&records, &err);
    if (!record_index)
        cli_die(&err);
    must(word_counter_init(&counter, &err), &err);
    do
        merge_one(*stream, &counter);
    while (*stream && *++stream);
    cli_add_provenance(&own);
    join_provenance(&own);
    write_counts(&counter);
    header_release(&own);
    word_index_free(record_index);
    words_release(&records);
}

/* ---- the command line ---- */

static bool is_stdin(const char *path)
{
    return !path || strcmp(path, "-") == 0;
}

static void check_command_line(char **operand)
{
    static const char *const apart[][2] = {
        {"count", "merge"},  {"count", "vocab"},  {"count", "min-count"}, {"count", "max-vocab"},
        {"count", "memory"}, {"merge", "vocab"},  {"merge", "min-count"}, {"merge", "max-vocab"},
        {"merge", "strict"}, {"merge", "memory"}, {"merge", "threads"},
    };
    for (size_t i = 0; i < sizeof apart / sizeof *apart; i++)
        if (cli_given(apart[i][0]) && cli_given(apart[i][1]))
            cli_usage_error("--%s and --%s exclude each other", apart[i][0], apart[i][1]);
    if (!opt.merge && operand[0] && operand[1])
        cli_usage_error("%s: one operand too many", operand[1]);
    if (opt.vocab && is_stdin(opt.vocab) && is_stdin(operand[0]))
        cli_usage_error("standard input cannot be both the text and the --vocab stream");
    int from_stdin = 0;
    for (int i = 0; operand[i]; i++)
        from_stdin += is_stdin(operand[i]);
    if (from_stdin > 1)
        cli_usage_error("standard input cannot be two streams");
}

static void read_text(const char *path)
{
    const char *name;
    struct text_reader text;
    int in = cli_open_input(path, &name, false);
    must(output_open(&out, cli_common()->output, in, &err), &err);
    must(text_reader_init(&text, in, name, TEXT_BLOCK, &err), &err);
    cli_add_provenance(&header);
    if (opt.count)
        write_counts_of_text(&text);
    else if (opt.vocab)
        encode_with_given(&text);
    else
        encode_own(&text);
    text_reader_release(&text);
}

int main(int argc, char **argv)
{
    char **operand = cli_start(&program, argc, argv);
    check_command_line(operand);
    if (opt.threads == 0)
        opt.threads = system_processors();
    if (opt.count || opt.merge)
        options[OPTION_MIN_COUNT].recorded = options[OPTION_MAX_VOCAB].recorded = false;
    if (opt.vocab)
        read_vocab(opt.vocab);
    if (opt.merge) {
        must(output_open(&out, cli_common()->output, -1, &err), &err);
        merge_counts(operand);
    } else {
        read_text(operand[0]);
    }
    must(output_commit(&out, &err), &err);
    header_release(&header);
    return STATUS_OK;
}

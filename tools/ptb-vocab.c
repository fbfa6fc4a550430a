/* SPDX-License-Identifier: MIT */
/* ptb-vocab -- reads a text, writes a corpus stream: counts words, builds the vocabulary, encodes.
 * Also writes only the counts, merges counts, or encodes with an existing vocabulary. */
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/input.h"
#include "base/limits.h"
#include "base/memory.h"
#include "base/output.h"
#include "check/verify.h"
#include "program/cli.h"
#include "program/progress.h"
#include "stream/corpus.h"
#include "stream/counts.h"
#include "stream/recognise.h"
#include "text/encode.h"
#include "text/text_counter.h"
#include "text/tokenizer.h"
#include "text/vocab_file.h"
#include "text/word_counter.h"

static struct {
    uint64_t min_count, memory;
    uint32_t max_vocab, threads;
    const char *vocab;
    bool strict, count, merge;
} opt = {.min_count = 10, .max_vocab = WORDS_MAX, .threads = 1, .memory = 1 << 30};

enum { OPTION_MIN_COUNT, OPTION_MAX_VOCAB }; /* rows of the table, recorded only if they are used */

static struct cli_option options[] = {
    {'m', "min-count", OPTION_U64, &opt.min_count, "N: keep words that occur at least N times", 1,
     0x1p64, true},
    {'M', "max-vocab", OPTION_U32, &opt.max_vocab,
     "N: keep only the N most frequent, counting <unk>", 1, WORDS_MAX, true},
    {0, "vocab", OPTION_STRING, &opt.vocab,
     "FILE: encode with the vocabulary in FILE, a stream or text", 0, 0, true},
    {0, "count", OPTION_FLAG, &opt.count, "write a counts stream: every word with its count", 0, 0,
     true},
    {0, "merge", OPTION_FLAG, &opt.merge, "read counts streams and write their sum", 0, 0, true},
    {0, "memory", OPTION_SIZE, &opt.memory,
     "SIZE: keep at most SIZE of text in memory, spill the rest to disk", 0, 0x1p62, false},
    {'t', "threads", OPTION_U32, &opt.threads, "N: threads to use; 0: one per processor", 0, 1024,
     false},
    {0, "strict", OPTION_FLAG, &opt.strict, "fail on words over 65535 bytes or with a zero byte", 0,
     0, false},
    {0},
};

static const struct cli_program program = {
    .name = "ptb-vocab",
    .operands = "[FILE... | STREAM...]",
    .summary = "Count the words of a text, build a vocabulary, and write a corpus stream.\n"
               "Several FILEs are one text.",
    .options = options,
    .max_operands = INT_MAX,
    .example = "ptb-vocab < ptb.txt | ptb-subsample | sgns-batch | sgns-train > emb.bin",
    .binary = true,
};

static struct error err;
static struct output out;
static struct header header; /* of the output */
static struct vocab listed;  /* the words of --vocab if that is a list without counts */

/* ---- reading the text ---- */

static void show_reading(uint64_t bytes, uint64_t tokens)
{
    progress_update((double)bytes, "%s: %.0f MB, %.1fM tokens, %.0f MB/s",
                    opt.vocab ? "encoding" : "counting", (double)bytes / 1e6, (double)tokens / 1e6,
                    progress_speed((double)bytes) / 1e6);
}

static void show_encoding(uint64_t tokens)
{
    progress_update((double)tokens, "encoding: %.1fM tokens, %.1fM/s", (double)tokens / 1e6,
                    progress_speed((double)tokens) / 1e6);
}

static struct text_options reading(void)
{
    return (struct text_options){
        .threads = opt.threads, .strict = opt.strict, .progress = show_reading};
}

/* Keeps at most `memory` bytes of text in memory and spills the rest; NULL: discards the text. */
static void count_text(struct text_counter *counter, struct text_reader *text,
                       const uint64_t *memory)
{
    struct text_options options = reading();
    must(text_counter_run(counter, text, &options, memory, &err), &err);
}

/* ---- final notes: before END is written, so that the notes of a pipe appear in the order of its
 * programs ---- */

static void note_bad_words(uint64_t bad_words)
{
    if (bad_words > 0)
        cli_note("%llu word%s over %d bytes or with a zero byte replaced by " UNKNOWN_WORD,
                 (unsigned long long)bad_words, plural(bad_words), WORD_MAX);
}

static void note_totals(const struct corpus_totals *totals, uint32_t words)
{
    cli_note("%llu sentence%s, %llu token%s, %s of %lu word%s",
             (unsigned long long)totals->sentences, plural(totals->sentences),
             (unsigned long long)totals->tokens, plural(totals->tokens),
             opt.count || opt.merge ? "counts" : "vocabulary", (unsigned long)words, plural(words));
}

/* ---- text to corpus ---- */

static void finish(struct corpus_writer *corpus, const struct text_reader *text, uint64_t bad_words)
{
    text_files_note(&text->files, cli_note);
    note_bad_words(bad_words);
    note_totals(&corpus->totals, header.vocab.words.count);
    if (header.vocab.words.count == 1 && opt.max_vocab > 1 && !opt.vocab)
        cli_note("no word occurs %llu times, so only <unk> is left: use a smaller --min-count",
                 (unsigned long long)opt.min_count);
    must(corpus_writer_finish(corpus, &err), &err);
    corpus_writer_close(corpus);
}

/* Builds the output's vocabulary from these words, limited by --min-count and --max-vocab, and from
 * `unknown` further tokens. Returns the new id of each word; the caller frees it. */
static uint32_t *select_words(const struct vocab *counted, uint64_t unknown)
{
    uint32_t *new_id = memory_new(counted->words.count, sizeof *new_id, &err);
    if (!new_id)
        cli_die(&err);
    must(vocab_select(&header.vocab, &counted->words, counted->count, unknown, opt.min_count,
                      opt.max_vocab, new_id, &err),
         &err);
    return new_id;
}

/* Leaves only the words of the list, all others become <unk>. Returns the number of tokens that
 * these are. */
static uint64_t keep_listed(struct vocab *counted)
{
    struct vocab_kept kept;
    if (listed.words.count == 0)
        return 0;
    must(vocab_file_keep(&listed, counted, &kept, &err), &err);
    if (kept.missing > 0)
        cli_note("%s: %lu of %lu word%s not in the text", opt.vocab, (unsigned long)kept.missing,
                 (unsigned long)kept.listed, plural(kept.listed));
    return kept.unknown;
}

/* Counts the whole text, then encodes it with its own vocabulary. */
static void encode_own(struct text_reader *text)
{
    struct corpus_writer corpus;
    struct text_counter counter;
    count_text(&counter, text, &opt.memory);
    uint64_t unknown = keep_listed(&counter.whole.counted);
    uint32_t *new_id = select_words(&counter.whole.counted, unknown);
    progress_before_output(out.fd);
    progress_start((double)counter.whole.totals.tokens);
    must(corpus_writer_open(&corpus, out.fd, out.name, &header, &err), &err);
    must(encode_counted(&counter, new_id, &corpus, show_encoding, &err), &err);
    finish(&corpus, text, counter.whole.bad_words);
    free(new_id);
    text_counter_release(&counter);
}

/* Encodes the text with the vocabulary in `header`, in one pass. */
static void encode_with_given(struct text_reader *text)
{
    struct corpus_writer corpus;
    struct text_options options = reading();
    struct word_index *index = word_index_new(&header.vocab.words, &err);
    if (!index)
        cli_die(&err);
    uint64_t bad_words;
    progress_before_output(out.fd);
    must(corpus_writer_open(&corpus, out.fd, out.name, &header, &err), &err);
    must(encode_text(text, &options, index, &corpus, &bad_words, &err), &err);
    finish(&corpus, text, bad_words);
    word_index_free(index);
}

/* Limits the vocabulary in `header`, read from a counts stream. */
static void cut_vocab(void)
{
    struct vocab counted = header.vocab;
    header.vocab = (struct vocab){0};
    free(select_words(&counted, 0));
    vocab_release(&counted);
}

/* --min-count and --max-vocab select words, but by default all are kept. */
static void keep_all_words(uint64_t min_count)
{
    if (!cli_given("min-count"))
        opt.min_count = min_count;
    options[OPTION_MIN_COUNT].recorded = cli_given("min-count");
    options[OPTION_MAX_VOCAB].recorded = cli_given("max-vocab");
}

/* Takes words without counts: the text will count them. */
static void take_list(struct vocab *vocab)
{
    keep_all_words(1);
    listed = *vocab;
    *vocab = (struct vocab){0};
}

/* Takes the vocabulary, and the provenance, of a stream. */
static void take_stream_vocab(enum stream_kind kind, const char *name)
{
    if (kind == STREAM_VECTORS && !vocab_is_counted(&header.vocab)) {
        take_list(&header.vocab);
    } else if (kind == STREAM_COUNTS) {
        cut_vocab();
    } else if (cli_given("min-count") || cli_given("max-vocab")) {
        cli_usage_error("%s: --min-count and --max-vocab require counts", name);
    } else {
        options[OPTION_MIN_COUNT].recorded = options[OPTION_MAX_VOCAB].recorded = false;
    }
}

/* Takes the vocabulary of a text file: all of its words, unless options say otherwise. */
static void take_text_vocab(struct input *input)
{
    struct vocab_file file = {0};
    must(vocab_file_read(&file, input, &err), &err);
    if (file.counted) {
        keep_all_words(0);
        header.vocab = file.vocab;
        cut_vocab();
    } else {
        take_list(&file.vocab);
    }
}

static void read_vocab(const char *path)
{
    const char *name;
    int fd = cli_open_other_input(path, &name, true);
    progress_start_input(fd);
    struct input input = input_from(fd, name);
    must(input_fill(&input, CONTENT_PROBE, &err), &err);
    const char *start = input_next(&input);
    size_t size = input_available(&input);
    if (stream_may_start_with(start, size)) {
        struct stream_info info = {0};
        int kind =
            must(verify_stream_prefixed(fd, name, start, size, &info, progress_reading_vocab, &err),
                 &err);
        header = info.header;
        take_stream_vocab((enum stream_kind)kind, name);
    } else {
        take_text_vocab(&input);
    }
    input_release(&input);
    close(fd);
}

/* ---- counts ---- */

/* Writes the counts and releases the counter. */
static void write_counts(struct word_counter *counter)
{
    note_bad_words(counter->bad_words);
    note_totals(&counter->totals, counter->counted.words.count);
    header.vocab = counter->counted;
    counter->counted = (struct vocab){0};
    must(counts_write(out.fd, out.name, &header, &counter->totals, &err), &err);
    word_counter_release(counter);
}

static void write_counts_of_text(struct text_reader *text)
{
    struct text_counter counter;
    count_text(&counter, text, NULL);
    text_files_note(&text->files, cli_note);
    write_counts(&counter.whole);
    text_counter_release(&counter);
}

/* The provenance records of the output, stored as words so that each is written only once. */
static struct words records;
static struct word_index *record_index;

static void join_provenance(const struct header *from)
{
    for (size_t i = 0; i < from->programs; i++) {
        const struct bytes *record = &from->provenance[i];
        uint32_t known = records.count;
        uint32_t index =
            word_index_intern(record_index, (const char *)record->data, record->size, &err);
        if (index == NO_WORD)
            cli_die(&err);
        if (index == known)
            must(header_add_provenance(&header, record->data, record->size, &err), &err);
    }
}

static void merge_one(const char *path, struct word_counter *counter)
{
    const char *name;
    struct header from = {0};
    struct corpus_totals totals;
    int fd = cli_open_other_input(path, &name, true);
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

/* Merges the streams, or standard input if there are none. */
static void merge_counts(char **stream)
{
    struct word_counter counter;
    struct header own = {0};
    record_index = word_index_new(&records, &err);
    if (!record_index)
        cli_die(&err);
    must(word_counter_init(&counter, &err), &err);
    unsigned long streams = 0, merged = 0;
    while (stream[streams])
        streams++;
    progress_start((double)streams);
    do {
        progress_update((double)merged, "merging: %lu of %lu streams", merged, streams);
        merge_one(*stream, &counter);
        merged++;
    } while (*stream && *++stream);
    progress_before_output(out.fd);
    cli_add_provenance(&own);
    join_provenance(&own);
    write_counts(&counter);
    header_release(&own);
    word_index_free(record_index);
    words_release(&records);
}

/* ---- the command line ---- */

static void check_command_line(char **operand)
{
    static const char *const conflicts[][2] = {
        {"count", "merge"},  {"count", "vocab"},  {"count", "min-count"}, {"count", "max-vocab"},
        {"count", "memory"}, {"merge", "vocab"},  {"merge", "min-count"}, {"merge", "max-vocab"},
        {"merge", "strict"}, {"merge", "memory"}, {"merge", "threads"},
    };
    for (size_t i = 0; i < sizeof conflicts / sizeof *conflicts; i++)
        if (cli_given(conflicts[i][0]) && cli_given(conflicts[i][1]))
            cli_usage_error("--%s and --%s cannot be combined", conflicts[i][0], conflicts[i][1]);
    int from_stdin = !operand[0];
    for (int i = 0; operand[i]; i++)
        from_stdin += input_is_stdin(operand[i]);
    if (opt.vocab && input_is_stdin(opt.vocab) && from_stdin > 0)
        cli_usage_error("standard input cannot be both the text and --vocab");
    if (from_stdin > 1)
        cli_usage_error("standard input can be read only once");
}

/* Opens the texts, or standard input if there are none, and the output. */
static void open_text(char **path, struct text_reader *text)
{
    size_t count;
    const char *output = cli_common()->output;
    struct text_file *file = text_files_named(path, output, &count, &err);
    if (!file)
        cli_die(&err);
    must(output_open(&out, output, -1, &err), &err);
    progress_start_files(path);
    must(text_reader_init_files(text, file, count, TEXT_BLOCK, &err), &err);
    free(file);
}

static void read_text(char **path)
{
    struct text_reader text;
    open_text(path, &text);
    cli_add_provenance(&header);
    if (opt.count)
        write_counts_of_text(&text);
    else if (header.vocab.words.count > 0)
        encode_with_given(&text);
    else
        encode_own(&text);
    text_reader_release(&text);
}

int main(int argc, char **argv)
{
    char **operand = cli_start(&program, argc, argv);
    check_command_line(operand);
    opt.threads = cli_threads(opt.threads);
    if (!cli_given("memory"))
        opt.memory = limits_work_memory();
    if (opt.count || opt.merge)
        options[OPTION_MIN_COUNT].recorded = options[OPTION_MAX_VOCAB].recorded = false;
    if (opt.vocab)
        read_vocab(opt.vocab);
    if (opt.merge) {
        must(output_open(&out, cli_common()->output, -1, &err), &err);
        merge_counts(operand);
    } else {
        read_text(operand);
    }
    must(output_commit(&out, &err), &err);
    header_release(&header);
    return STATUS_OK;
}

/* SPDX-License-Identifier: MIT */
/* sgns-cat -- prints any stream as text, or checks whether streams are complete and valid. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/escape.h"
#include "base/input.h"
#include "base/memory.h"
#include "base/output.h"
#include "check/quick_check.h"
#include "check/verify.h"
#include "program/cli.h"
#include "program/progress.h"
#include "search/spelling.h"
#include "stream/batches.h"
#include "stream/corpus.h"
#include "stream/counts.h"
#include "stream/recognise.h"
#include "stream/vectors.h"
#include "train/checkpoint.h"

static bool want_header, want_vocab, want_check, quick, json;

static const struct cli_option options[] = {
    {'H', "header", OPTION_FLAG, &want_header,
     "print kind, version, shape, totals and provenance of each STREAM", 0, 0, false},
    {'v', "vocab", OPTION_FLAG, &want_vocab,
     "print the vocabulary of each STREAM: word, tab, count", 0, 0, false},
    {0, "check", OPTION_FLAG, &want_check,
     "print one line per STREAM: complete and valid, or why not", 0, 0, false},
    {0, "quick", OPTION_FLAG, &quick, "with --check: read only the header and END", 0, 0, false},
    {'j', "json", OPTION_FLAG, &json, "with --header or --check: one JSON object per STREAM", 0, 0,
     false},
    {0},
};

static const struct cli_program program = {
    .name = "sgns-cat",
    .operands = "[STREAM [WORD...] | STREAM...]",
    .summary = "Print a stream as text: sentences, examples, vectors or counts. With WORDs,\n"
               "print only their vectors, in this order; the WORD - stands for the lines of\n"
               "standard input. With --header, --vocab or --check, all operands are STREAMs.",
    .options = options,
    .max_operands = INT_MAX,
    .dash = "a word that begins with '-' follows '--': sgns-cat VECTORS -- -WORD",
    .example = "ptb-vocab < ptb.txt | ptb-subsample | sgns-cat | head\n"
               "  sgns-cat emb.bin king queen",
};

static struct error err;
static struct output out;
static FILE *text;
static bool terminal;

static void print_word(const struct vocab *vocab, uint32_t id)
{
    escape_print_if(text, words_text(&vocab->words, id), words_length(&vocab->words, id), terminal);
}

/* Exits if writing has failed. */
static void check_written(void)
{
    if (ferror(text))
        must(error_system(&err, "%s: write failed", out.name), &err);
}

/* Progress, unless the text itself appears on a terminal. */
static void show_progress(void)
{
    if (!terminal || want_header || want_vocab || want_check)
        progress_update_input(want_check ? "checking" : "reading");
}

static void between_records(void)
{
    check_written();
    show_progress();
}

/* `input`: the descriptor of the input, or -1. */
static void open_output(int input)
{
    must(output_open(&out, cli_common()->output, input, &err), &err);
    must(output_text(&out, &err), &err);
    text = out.text;
    terminal = isatty(out.fd);
}

static void print_words(const struct vocab *vocab, const uint32_t *id, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (i > 0)
            fputc(' ', text);
        print_word(vocab, id[i]);
    }
}

static void print_vocab(const struct vocab *vocab)
{
    for (uint32_t id = 0; id < vocab->words.count; id++) {
        print_word(vocab, id);
        fprintf(text, "\t%llu\n", (unsigned long long)vocab->count[id]);
    }
}

/* ---- the content of a stream ---- */

static void cat_corpus(struct stream_reader *stream)
{
    struct corpus_reader in;
    must(corpus_reader_attach(&in, stream, &err), &err);
    bool line_start = true;
    size_t count;
    while (between_records(), must(corpus_read(&in, &count, &err), &err) > 0)
        for (size_t i = 0; i < count; i++) {
            if (in.token[i] == SENTENCE_END) {
                fputc('\n', text);
            } else {
                if (!line_start)
                    fputc(' ', text);
                print_word(&in.header.vocab, in.token[i]);
            }
            line_start = in.token[i] == SENTENCE_END;
        }
    corpus_reader_close(&in);
}

static void print_examples(const struct minibatch *batch, const struct vocab *vocab)
{
    for (uint32_t i = 0; i < batch->examples; i++) {
        const uint32_t *word = batch->word + batch->first[i];
        uint32_t n = batch->first[i + 1] - batch->first[i], contexts = batch->contexts[i];
        print_word(vocab, batch->centre[i]);
        fputc('\t', text);
        print_words(vocab, word, contexts);
        fputc('\t', text);
        print_words(vocab, word + contexts, n - contexts);
        fputc('\n', text);
    }
}

static void cat_batches(struct stream_reader *stream)
{
    struct batches_reader in;
    must(batches_reader_attach(&in, stream, &err), &err);
    struct minibatch batch = {0};
    while (between_records(), must(batches_read(&in, &batch, &err), &err) > 0)
        print_examples(&batch, &in.header.vocab);
    minibatch_release(&batch);
    batches_reader_close(&in);
}

static void cat_counts(struct stream_reader *stream)
{
    struct header header = {0};
    struct corpus_totals totals;
    must(counts_read(stream, &header, &totals, &err), &err);
    print_vocab(&header.vocab);
    header_release(&header);
    stream_reader_close(stream);
}

static void print_row(const struct vocab *vocab, uint32_t id, const float *row, uint32_t dim)
{
    print_word(vocab, id);
    for (uint32_t i = 0; i < dim; i++)
        fprintf(text, " %.9g", row[i]);
    fputc('\n', text);
}

static struct checkpoint_check checkpoint;

static int read_checkpoint(void *in, const struct record *record, struct error *error)
{
    return checkpoint_check(&checkpoint, in, record, error);
}

/* Calls `row` for each vector, in the order of the ids. */
static void read_vectors(struct vectors_reader *in, void (*row)(const struct vectors_reader *in,
                                                                uint32_t id, const float *row))
{
    uint32_t first, count;
    in->checkpoint = read_checkpoint;
    in->checkpoint_data = in;
    while (between_records(), must(vectors_read(in, &first, &count, &err), &err) > 0)
        for (uint32_t i = 0; i < count; i++)
            row(in, first + i, in->value + (size_t)i * in->dim);
    must(checkpoint_check_end(&checkpoint, in, &err), &err);
    checkpoint_check_release(&checkpoint);
}

static void print_next(const struct vectors_reader *in, uint32_t id, const float *row)
{
    print_row(&in->header.vocab, id, row, in->dim);
}

static void cat_vectors(struct stream_reader *stream)
{
    struct vectors_reader in;
    must(vectors_reader_attach(&in, stream, &err), &err);
    fprintf(text, "%lu %lu\n", (unsigned long)in.header.vocab.words.count, (unsigned long)in.dim);
    read_vectors(&in, print_next);
    vectors_reader_close(&in);
}

/* ---- the vectors of some words ---- */

/* The words asked for. */
static struct {
    struct asked {
        uint32_t id;
        size_t position;          /* in the request */
    } * word;                     /* (count) */
    size_t count, capacity, next; /* next: the first whose vector was not read yet */
    size_t unknown;               /* others, which are not in the vocabulary */
    float *row;                   /* (count × dim) in the order of the request */
} asked;

/* Returns whether the word is in the vocabulary. */
static bool ask(const struct word_index *index, const char *word, size_t length)
{
    must(memory_reserve(&asked.word, &asked.capacity, asked.count + 1, sizeof *asked.word, &err),
         &err);
    uint32_t id = word_index_find(index, word, length);
    asked.word[asked.count] = (struct asked){id, asked.count};
    asked.count += id != NO_WORD;
    asked.unknown += id == NO_WORD;
    return id != NO_WORD;
}

/* Words in a file may be many, and are not typed: no similar words are searched for them. */
static void ask_lines(const struct word_index *index)
{
    struct input input = input_from(STDIN_FILENO, "stdin");
    const char *line;
    size_t length;
    must(stream_expect_text_in(&input, 1, &err), &err);
    while (must(input_text_line(&input, &line, &length, &err), &err) > 0)
        if (length > 0 && !ask(index, line, length))
            cli_note("stdin: line %llu: '%.*s' is not in the vocabulary",
                     (unsigned long long)input.line, (int)length, line);
    input_release(&input);
}

static void ask_operand(const struct word_index *index, const struct vocab *vocab, const char *name,
                        const char *word, bool alone)
{
    if (ask(index, word, strlen(word)))
        return;
    spelling_unknown(vocab, name, word, strlen(word), &err);
    if (alone || err.status != STATUS_UNKNOWN_WORD)
        cli_die(&err);
    cli_note("%s", err.text);
}

/* Finds the words in the vocabulary. */
static void ask_all(char **word, struct vocab *vocab, const char *name)
{
    struct word_index *index = word_index_new(&vocab->words, &err);
    if (!index)
        cli_die(&err);
    for (char **w = word; *w; w++)
        if (input_is_stdin(*w))
            ask_lines(index);
        else
            ask_operand(index, vocab, name, *w, !word[1]);
    word_index_free(index);
}

static int by_id(const void *a, const void *b)
{
    uint32_t x = ((const struct asked *)a)->id, y = ((const struct asked *)b)->id;
    return (x > y) - (x < y);
}

static int by_position(const void *a, const void *b)
{
    size_t x = ((const struct asked *)a)->position, y = ((const struct asked *)b)->position;
    return (x > y) - (x < y);
}

static void sort_asked(int (*order)(const void *, const void *))
{
    if (asked.count > 0)
        qsort(asked.word, asked.count, sizeof *asked.word, order);
}

/* Keeps a row for each time that its word was asked for. */
static void keep_asked(const struct vectors_reader *in, uint32_t id, const float *row)
{
    for (; asked.next < asked.count && asked.word[asked.next].id == id; asked.next++)
        memcpy(asked.row + asked.word[asked.next].position * in->dim, row, in->dim * sizeof *row);
}

static void cat_words(struct stream_reader *stream, const char *name, char **word)
{
    struct vectors_reader in;
    must(vectors_reader_attach(&in, stream, &err), &err);
    ask_all(word, &in.header.vocab, name);
    asked.row = memory_new(asked.count, in.dim * sizeof *asked.row, &err);
    if (!asked.row)
        cli_die(&err);
    sort_asked(by_id);
    read_vectors(&in, keep_asked);
    sort_asked(by_position);
    progress_before_output(out.fd);
    for (size_t i = 0; i < asked.count; i++)
        print_row(&in.header.vocab, asked.word[i].id, asked.row + i * in.dim, in.dim);
    free(asked.row);
    free(asked.word);
    vectors_reader_close(&in);
}

static void cat_content(const char *path, char **word)
{
    const char *name;
    int fd = cli_open_input(path, &name, true);
    open_output(fd);
    if (!*word)
        progress_before_output(out.fd);
    progress_start_input(fd);
    struct stream_reader *stream = stream_reader_open(fd, name, STREAM_ANY, &err);
    if (!stream)
        cli_die(&err);
    enum stream_kind kind = stream_reader_kind(stream);
    if (*word && kind != STREAM_VECTORS) {
        stream_reader_close(stream);
        cli_usage_error("%s: %s stream, but WORD requires a vectors stream", name,
                        stream_kind_name(kind));
    }
    if (*word)
        cat_words(stream, name, word);
    else if (kind == STREAM_CORPUS)
        cat_corpus(stream);
    else if (kind == STREAM_BATCHES)
        cat_batches(stream);
    else if (kind == STREAM_VECTORS)
        cat_vectors(stream);
    else
        cat_counts(stream);
    must(output_commit(&out, &err), &err);
    if (asked.unknown > 0)
        must(error_set(&err, STATUS_UNKNOWN_WORD, "%zu of %zu words are not in the vocabulary",
                       asked.unknown, asked.unknown + asked.count),
             &err);
}

/* ---- what streams are: --header, --vocab, --check ---- */

/* Bytes of a file that are read and verified in no time, also for --header. */
enum { READ_AT_ONCE = 16 << 20 };

/* Counts so far. */
static struct {
    unsigned long streams, bad, unreadable;
} seen;

/* Unlike cli_open_input, does not exit on failure: the other streams are still to be read. */
static int open_stream(const char *path, const char **name)
{
    if (input_is_stdin(path))
        return cli_open_input(path, name, true);
    *name = path;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? error_system(&err, "%s: cannot open", path) : fd;
}

/* Reads as much of the stream as is needed. Returns its kind, or -1. */
static int read_info(int fd, const char *name, struct stream_info *info)
{
    struct stat file;
    if (want_header && fstat(fd, &file) == 0 && file.st_size > READ_AT_ONCE)
        return quick_info(fd, name, info, &err);
    return quick ? quick_check(fd, name, info, &err)
                 : verify_stream(fd, name, info, show_progress, &err);
}

static void print_json(const char *name, const struct stream_info *info)
{
    fputs("{\"file\":", text);
    escape_print_json(text, name, strlen(name));
    fputs(",\"valid\":true,", text);
    stream_info_print_json(text, info);
    fputs("}\n", text);
}

static void print_good(const char *name, const struct stream_info *info, bool heading)
{
    if (json) {
        print_json(name, info);
        return;
    }
    if (heading || want_check) {
        fputs(want_check || seen.streams == 1 ? "" : "\n", text);
        escape_print(text, name, strlen(name));
        fputs(want_check ? ": " : ":\n", text);
    }
    if (want_check)
        fprintf(text, "%s stream, %s\n", stream_kind_name(info->kind),
                info->data_read ? "ok" : "header and END ok, data not checked");
    else if (want_header)
        stream_info_print(text, info);
    else
        print_vocab(&info->header.vocab);
}

/* Prints the reason in `err`. */
static void print_fault(const char *name, bool alone)
{
    seen.bad += err.status == STATUS_INPUT;
    seen.unreadable += err.status != STATUS_INPUT;
    if (json) {
        fputs("{\"file\":", text);
        escape_print_json(text, name, strlen(name));
        fprintf(text, ",\"valid\":%s,\"error\":", err.status == STATUS_INPUT ? "false" : "null");
        escape_print_json(text, err.text, strlen(err.text));
        fputs("}\n", text);
        return;
    }
    if (alone && !want_check)
        cli_die(&err);
    fputs(want_check || seen.streams == 1 ? "" : "\n", text);
    escape_print(text, err.text, strlen(err.text));
    fputc('\n', text);
}

static void report_one(const char *path, bool alone)
{
    const char *name;
    struct stream_info info = {0};
    int kind = -1, fd = open_stream(path, &name);
    seen.streams++;
    progress_start_input(fd);
    if (fd >= 0) {
        if (output_is_same(cli_common()->output, fd))
            cli_usage_error("%s: is also the output", name);
        kind = read_info(fd, name, &info);
        close(fd);
    }
    progress_before_output(out.fd);
    if (kind < 0)
        print_fault(name, alone);
    else
        print_good(name, &info, !alone);
    stream_info_release(&info);
    check_written();
}

/* Reports each stream and, unless all are good, prints a last line on standard error. */
static void report_streams(char **stream)
{
    bool alone = !stream[0] || !stream[1];
    open_output(-1);
    do
        report_one(*stream, alone);
    while (*stream && *++stream);
    must(output_commit(&out, &err), &err);
    if (seen.bad > 0 || seen.unreadable > 0)
        must(error_set(&err, seen.bad > 0 ? STATUS_INPUT : STATUS_FAILED,
                       "%lu of %lu stream%s bad, %lu unreadable", seen.bad, seen.streams,
                       plural(seen.streams), seen.unreadable),
             &err);
}

/* ---- the command line ---- */

static void check_command_line(char **operand)
{
    int from_stdin = 0;
    if (want_header + want_vocab + want_check > 1)
        cli_usage_error("--header, --vocab and --check cannot be combined");
    if (quick && !want_check)
        cli_usage_error("--quick requires --check");
    if (json && !want_header && !want_check)
        cli_usage_error("--json requires --header or --check");
    for (int i = 0; operand[i]; i++)
        from_stdin += input_is_stdin(operand[i]);
    if (from_stdin > 1)
        cli_usage_error("standard input can be read only once");
}

int main(int argc, char **argv)
{
    char **operand = cli_start(&program, argc, argv);
    check_command_line(operand);
    if (want_header || want_vocab || want_check)
        report_streams(operand);
    else
        cat_content(operand[0], operand[0] ? operand + 1 : operand);
    return STATUS_OK;
}

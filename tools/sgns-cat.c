/* SPDX-License-Identifier: MIT */
/* sgns-cat -- prints any stream as text, or checks whether streams are complete and valid. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/escape.h"
#include "base/output.h"
#include "check/quick_check.h"
#include "check/verify.h"
#include "program/cli.h"
#include "program/progress.h"
#include "search/spelling.h"
#include "stream/batches.h"
#include "stream/corpus.h"
#include "stream/counts.h"
#include "stream/vectors.h"
#include "train/checkpoint.h"

static bool want_header, want_vocab, want_check, quick;

static const struct cli_option options[] = {
    {'H', "header", OPTION_FLAG, &want_header, "print kind, version, shape, totals and provenance",
     0, 0, false},
    {'v', "vocab", OPTION_FLAG, &want_vocab, "print the vocabulary: word, tab, count", 0, 0, false},
    {0, "check", OPTION_FLAG, &want_check,
     "print one line per STREAM: complete and valid, or why not", 0, 0, false},
    {0, "quick", OPTION_FLAG, &quick, "with --check: read only the header and END", 0, 0, false},
    {0},
};

static const struct cli_program program = {
    .name = "sgns-cat",
    .operands = "[STREAM [WORD] | STREAM...]",
    .summary = "Print a stream as text: sentences, examples, vectors or counts. With WORD,\n"
               "print only the vector of WORD.",
    .options = options,
    .max_operands = INT_MAX,
    .words = true,
    .example = "ptb-vocab < ptb.txt | ptb-subsample | sgns-cat | head",
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
    progress_before_output(out.fd);
    for (uint32_t id = 0; id < vocab->words.count; id++) {
        print_word(vocab, id);
        fprintf(text, "\t%llu\n", (unsigned long long)vocab->count[id]);
    }
}

static void print_number(const char *label, uint64_t number)
{
    fprintf(text, "%s: %llu\n", label, (unsigned long long)number);
}

static void print_kind(const struct stream_reader *stream, const char *kind,
                       const struct header *header)
{
    unsigned major, minor;
    stream_reader_version(stream, &major, &minor);
    progress_before_output(out.fd);
    fprintf(text, "kind: %s\nversion: %u.%u\n", kind, major, minor);
    print_number("words", header->vocab.words.count);
}

static void print_provenance(const struct header *header)
{
    for (size_t i = 0; i < header->programs; i++) {
        const struct bytes *record = &header->provenance[i];
        fputs("made by:", text);
        for (size_t at = 0; at < record->size;) {
            const char *string = (const char *)record->data + at;
            fputc(' ', text);
            escape_print(text, string, strlen(string));
            at += strlen(string) + 1;
        }
        fputc('\n', text);
    }
}

static void cat_corpus(struct stream_reader *stream)
{
    struct corpus_reader in;
    must(corpus_reader_attach(&in, stream, &err), &err);
    bool line_start = true, quiet = want_header || want_vocab;
    size_t count;
    while (between_records(), must(corpus_read(&in, &count, &err), &err) > 0)
        for (size_t i = 0; i < count && !quiet; i++) {
            if (in.token[i] == SENTENCE_END) {
                fputc('\n', text);
            } else {
                if (!line_start)
                    fputc(' ', text);
                print_word(&in.header.vocab, in.token[i]);
            }
            line_start = in.token[i] == SENTENCE_END;
        }
    if (want_header) {
        print_kind(stream, "corpus", &in.header);
        print_number("sentences", in.totals.sentences);
        print_number("tokens", in.totals.tokens);
        print_provenance(&in.header);
    }
    if (want_vocab)
        print_vocab(&in.header.vocab);
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
        if (!want_header && !want_vocab)
            print_examples(&batch, &in.header.vocab);
    if (want_header) {
        print_kind(stream, "batches", &in.header);
        print_number("batch size", in.shape.batch_size);
        print_number("epochs", in.shape.epochs);
        print_number("examples", in.shape.examples);
        print_number("total examples", in.totals.examples);
        print_number("contexts", in.totals.contexts);
        print_number("noise", in.totals.noise);
        print_provenance(&in.header);
    }
    if (want_vocab)
        print_vocab(&in.header.vocab);
    minibatch_release(&batch);
    batches_reader_close(&in);
}

static void print_row(const struct vectors_reader *in, uint32_t id, const float *row)
{
    print_word(&in->header.vocab, id);
    for (uint32_t i = 0; i < in->dim; i++)
        fprintf(text, " %.9g", row[i]);
    fputc('\n', text);
}

static struct checkpoint_check checkpoint;

static int read_checkpoint(void *in, const struct record *record, struct error *error)
{
    return checkpoint_check(&checkpoint, in, record, error);
}

static void print_checkpoint(void)
{
    if (checkpoint.has_training)
        fprintf(text, "checkpoint: minibatch %llu of %llu\n",
                (unsigned long long)checkpoint.progress.steps,
                (unsigned long long)batches_in_all(&checkpoint.run.shape));
}

/* Prints all rows, or only the row of `word`. */
static void cat_vectors(struct stream_reader *stream, const char *name, const char *word)
{
    struct vectors_reader in;
    must(vectors_reader_attach(&in, stream, &err), &err);
    in.checkpoint = read_checkpoint;
    in.checkpoint_data = &in;
    uint32_t wanted = NO_WORD, first, count;
    if (word)
        must(spelling_find(&in.header.vocab, name, word, &wanted, &err), &err);
    bool quiet = want_header || want_vocab;
    if (!quiet && !word)
        fprintf(text, "%lu %lu\n", (unsigned long)in.header.vocab.words.count,
                (unsigned long)in.dim);
    while (between_records(), must(vectors_read(&in, &first, &count, &err), &err) > 0)
        for (uint32_t i = 0; i < count && !quiet; i++)
            if (!word || first + i == wanted)
                print_row(&in, first + i, in.value + (size_t)i * in.dim);
    must(checkpoint_check_end(&checkpoint, &in, &err), &err);
    if (want_header) {
        print_kind(stream, "vectors", &in.header);
        print_number("dim", in.dim);
        print_number("rows", in.rows);
        print_checkpoint();
        print_provenance(&in.header);
    }
    if (want_vocab)
        print_vocab(&in.header.vocab);
    checkpoint_check_release(&checkpoint);
    vectors_reader_close(&in);
}

static void cat_counts(struct stream_reader *stream)
{
    struct header header = {0};
    struct corpus_totals totals;
    must(counts_read(stream, &header, &totals, &err), &err);
    if (want_header) {
        print_kind(stream, "counts", &header);
        print_number("sentences", totals.sentences);
        print_number("tokens", totals.tokens);
        print_provenance(&header);
    } else {
        print_vocab(&header.vocab);
    }
    header_release(&header);
    stream_reader_close(stream);
}

/* ---- complete streams: --check ---- */

/* Counts so far. */
static struct {
    unsigned long streams, bad, unreadable;
} checked;

static bool is_stdin(const char *path)
{
    return !path || strcmp(path, "-") == 0;
}

/* Unlike cli_open_input, does not exit on failure: the other streams are still to be checked. */
static int open_stream(const char *path, const char **name)
{
    if (is_stdin(path))
        return cli_open_input(path, name, true);
    *name = path;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? error_system(&err, "%s: cannot open", path) : fd;
}

/* Returns the kind, or -1. *complete: the entire stream was read. */
static int check_stream(int fd, const char *name, bool *complete)
{
    struct header header = {0};
    if (quick)
        return quick_check(fd, name, complete, &err);
    *complete = true;
    int kind = verify_stream(fd, name, &header, show_progress, &err);
    header_release(&header);
    return kind;
}

static void print_good(const char *name, int kind, bool complete)
{
    escape_print(text, name, strlen(name));
    fprintf(text, ": %s stream, %s\n", stream_kind_name((enum stream_kind)kind),
            complete ? "ok" : "header and END ok, data not checked");
}

static void print_fault(void)
{
    checked.bad += err.status == STATUS_INPUT;
    checked.unreadable += err.status != STATUS_INPUT;
    escape_print(text, err.text, strlen(err.text));
    fputc('\n', text);
}

static void check_one(const char *path)
{
    const char *name;
    bool complete = false;
    int kind = -1, fd = open_stream(path, &name);
    checked.streams++;
    progress_start_input(fd);
    if (fd >= 0) {
        if (output_is_same(cli_common()->output, fd))
            cli_usage_error("%s: is also the output", name);
        kind = check_stream(fd, name, &complete);
        close(fd);
    }
    progress_before_output(out.fd);
    if (kind < 0)
        print_fault();
    else
        print_good(name, kind, complete);
    check_written();
}

/* Prints a line per stream and, unless all are good, a last one on standard error. */
_Noreturn static void check_streams(char **stream)
{
    must(output_open(&out, cli_common()->output, -1, &err), &err);
    must(output_text(&out, &err), &err);
    text = out.text;
    do
        check_one(*stream);
    while (*stream && *++stream);
    must(output_commit(&out, &err), &err);
    if (checked.bad == 0 && checked.unreadable == 0)
        exit(STATUS_OK);
    error_set(&err, checked.bad > 0 ? STATUS_INPUT : STATUS_FAILED,
              "%lu of %lu stream%s bad, %lu unreadable", checked.bad, checked.streams,
              plural(checked.streams), checked.unreadable);
    cli_die(&err);
}

/* ---- the command line ---- */

static void check_command_line(char **operand)
{
    int from_stdin = 0;
    if (want_header + want_vocab + want_check > 1)
        cli_usage_error("--header, --vocab and --check cannot be combined");
    if (quick && !want_check)
        cli_usage_error("--quick requires --check");
    if (!want_check && operand[0] && operand[1] && operand[2])
        cli_usage_error("%s: unexpected argument", operand[2]);
    for (int i = 0; want_check && operand[i]; i++)
        from_stdin += is_stdin(operand[i]);
    if (from_stdin > 1)
        cli_usage_error("standard input can be read only once");
}

int main(int argc, char **argv)
{
    char **operand = cli_start(&program, argc, argv);
    const char *name, *word = operand[0] ? operand[1] : NULL;
    check_command_line(operand);
    if (want_check)
        check_streams(operand);
    int fd = cli_open_input(operand[0], &name, true);
    must(output_open(&out, cli_common()->output, fd, &err), &err);
    must(output_text(&out, &err), &err);
    text = out.text;
    terminal = isatty(out.fd);
    if (!want_header && !want_vocab && !word)
        progress_before_output(out.fd);
    progress_start_input(fd);

    struct stream_reader *stream = stream_reader_open(fd, name, STREAM_ANY, &err);
    if (!stream)
        cli_die(&err);
    enum stream_kind kind = stream_reader_kind(stream);
    if (word && kind != STREAM_VECTORS)
        cli_usage_error("%s: %s stream, but WORD requires a vectors stream", name,
                        stream_kind_name(kind));
    if (kind == STREAM_CORPUS)
        cat_corpus(stream);
    else if (kind == STREAM_BATCHES)
        cat_batches(stream);
    else if (kind == STREAM_VECTORS)
        cat_vectors(stream, name, word);
    else
        cat_counts(stream);
    must(output_commit(&out, &err), &err);
    return STATUS_OK;
}

/* SPDX-License-Identifier: MIT */
/* sgns-convert -- converts vectors between streams and the file formats of other programs. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "formats/formats.h"
#include "program/cli.h"
#include "program/progress.h"
#include "stream/recognise.h"
#include "train/checkpoint_rows.h"

static const char own[] = "sgns"; /* the format name of our own streams */

static struct {
    const char *from, *to, *words;
    bool output_vectors, ignore_count, skip_nonfinite;
} opt;

static const struct cli_option options[] = {
    {'F', "from", OPTION_STRING, &opt.from,
     "FORMAT: input format; detected from the content by default", 0, 0, true},
    {'T', "to", OPTION_STRING, &opt.to,
     "FORMAT: output format; by default sgns, unless that is the input format", 0, 0, false},
    {0, "words", OPTION_STRING, &opt.words,
     "FILE: words of an input that has them in a separate file", 0, 0, false},
    {0, "output-vectors", OPTION_FLAG, &opt.output_vectors,
     "write the context vectors (U) of a checkpoint", 0, 0, true},
    {0, "ignore-count", OPTION_FLAG, &opt.ignore_count,
     "read all rows, whatever count the input declares", 0, 0, true},
    {0, "skip-nonfinite", OPTION_FLAG, &opt.skip_nonfinite,
     "skip rows with numbers that are not finite instead of refusing the input", 0, 0, true},
    {0},
};

static const struct cli_program program = {
    .name = "sgns-convert",
    .operands = "[VECTORS]",
    .summary = "Convert word vectors between the formats sgns (a stream of these programs),\n"
               "word2vec, word2vec-bin, glove, fasttext, npy and projector.",
    .options = options,
    .max_operands = 1,
    .example = "sgns-convert --to word2vec emb.bin > emb.txt\n"
               "  sgns-convert GoogleNews-vectors.bin | sgns-knn - king 5",
};

static struct error err;

/* ---- formats ---- */

/* Returns NULL for our own format. */
static const struct format *named(const char *option, const char *name)
{
    const struct format *format = format_find(name);
    if (!format && strcmp(name, own) != 0)
        cli_usage_error("--%s=%s: expected sgns, word2vec, word2vec-bin, glove, fasttext, npy or "
                        "projector",
                        option, name);
    return format;
}

static struct input in;
static const struct format *from, *to; /* NULL: a stream */
static struct format_found found;

/* Determines `from`, and sets `opt.from` for the provenance. */
static void find_source(void)
{
    must(format_detect(&in, &found, &err), &err);
    if (opt.from) {
        from = named("from", opt.from);
        if (from && found.stream)
            must(error_set(&err, STATUS_INPUT, "%s: an sgns stream, not %s", in.name, from->name),
                 &err);
        if (!from && !found.stream)
            must(stream_refuse_content(in.name, input_next(&in), input_available(&in),
                                       STREAM_VECTORS, &err),
                 &err);
        return;
    }
    from = found.format;
    if (!from && found.content)
        must(content_refuse(found.content, in.name, "word vectors", &err), &err);
    if (!from && !found.stream)
        cli_usage_error("%s: cannot detect the format; specify --from=FORMAT: sgns, word2vec, "
                        "word2vec-bin, glove, fasttext, npy or projector",
                        in.name);
    opt.from = from ? from->name : NULL;
}

/* Ends the program with the error of reading the input, and with what the input seems to be if that
 * is not what the user said. */
_Noreturn static void refuse_source(void)
{
    if (err.status == STATUS_INPUT && found.content) {
        content_refuse(found.content, in.name, from->name, &err);
    } else if (err.status == STATUS_INPUT && found.format && found.format->import != from->import) {
        size_t length = strlen(err.text);
        snprintf(err.text + length, sizeof err.text - length, "; the input seems to be %s",
                 found.format->name);
    }
    cli_die(&err);
}

/* ---- output ---- */

static struct output out, out_words; /* out_words.name is NULL unless the format has two files */
static struct vectors_writer stream;
static struct export export;
static uint32_t dim, written; /* rows */

static void open_output(int fd)
{
    const char *path = cli_common()->output;
    bool binary = !to || to->binary;
    if (binary && !path && isatty(STDOUT_FILENO))
        cli_usage_error(
            "refusing to write binary data to a terminal: use a pipe, '>' or '-o FILE'");
    if (to && to->words_suffix && !path)
        cli_usage_error("--to=%s: writes two files; specify -o NAME%s", to->name, to->rows_suffix);
    if (to && to->words_suffix) {
        char *words = format_words_name(to, path, &err);
        if (!words)
            cli_die(&err);
        must(output_open(&out_words, words, fd, &err), &err);
        must(output_text(&out_words, &err), &err);
    }
    must(output_open(&out, path, fd, &err), &err);
    if (to)
        must(output_text(&out, &err), &err);
}

static void start_output(struct header *header, uint32_t dimensions)
{
    dim = dimensions;
    if (!to) {
        cli_add_provenance(header);
        must(vectors_writer_open(&stream, out.fd, out.name, header, dim, &err), &err);
        return;
    }
    export = (struct export){.vocab = &header->vocab,
                             .dim = dim,
                             .rows = &out,
                             .words = to->words_suffix ? &out_words : NULL};
    if (to->export_header)
        must(to->export_header(&export, &err), &err);
}

static void show_written(void)
{
    if (from)
        progress_update(written, "writing: %lu words", (unsigned long)written);
    else
        progress_update_input("%lu words", (unsigned long)written);
}

static int put_rows(void *unused, const float *rows, uint32_t count, struct error *error)
{
    (void)unused;
    uint32_t most = vectors_rows_per_record(dim);
    progress_before_output(out.fd);
    for (uint32_t n; count > 0; count -= n, rows += (size_t)n * dim) {
        n = count < most ? count : most;
        if (!to && vectors_write(&stream, rows, n, error) < 0)
            return -1;
        for (uint32_t i = 0; to && i < n; i++)
            if (to->export_row(&export, written + i, rows + (size_t)i * dim, error) < 0)
                return -1;
        written += n;
        show_written();
    }
    return 0;
}

static void finish_output(void)
{
    if (!to) {
        must(vectors_writer_finish(&stream, &err), &err);
        vectors_writer_close(&stream);
    }
    export_release(&export);
    must(out_words.name ? output_commit_both(&out, &out_words, &err) : output_commit(&out, &err),
         &err);
    cli_note("%lu word%s of dimension %lu, from %s to %s", (unsigned long)written, plural(written),
             (unsigned long)dim, from ? from->name : own, to ? to->name : own);
}

/* ---- from a stream ---- */

static void convert_stream(void)
{
    struct vectors_reader reader;
    struct stream_reader *opened = stream_reader_open_prefixed(
        in.fd, in.name, STREAM_VECTORS, input_next(&in), input_available(&in), &err);
    if (!opened)
        cli_die(&err);
    must(vectors_reader_attach(&reader, opened, &err), &err);
    start_output(&reader.header, reader.dim);
    if (opt.output_vectors) {
        must(checkpoint_rows(&reader, WEIGHTS_CONTEXT, put_rows, NULL, &err), &err);
    } else {
        uint32_t first, count;
        while (must(vectors_read(&reader, &first, &count, &err), &err) > 0)
            must(put_rows(NULL, reader.value, count, &err), &err);
    }
    finish_output();
    vectors_reader_close(&reader);
}

/* ---- from another program's file ---- */

static void copy_rows(const struct import *import, uint32_t words)
{
    uint32_t most = vectors_rows_per_record(dim);
    float *rows = memory_new((size_t)most * dim, sizeof *rows, &err);
    if (!rows)
        cli_die(&err);
    for (uint32_t first = 0, n; first < words; first += n) {
        n = words - first < most ? words - first : most;
        must(import_read(import, first, n, rows, &err), &err);
        must(put_rows(NULL, rows, n, &err), &err);
    }
    free(rows);
}

static void convert_foreign(struct input *words)
{
    struct import import = {.ignore_count = opt.ignore_count,
                            .skip_nonfinite = opt.skip_nonfinite,
                            .progress = progress_reading};
    if (from->import(&in, words, &import, &err) < 0)
        refuse_source();
    struct header header = {.vocab = import.vocab};
    import.vocab = (struct vocab){0};
    progress_start(header.vocab.words.count);
    start_output(&header, import.dim);
    copy_rows(&import, header.vocab.words.count);
    finish_output();
    import_note(&import, &in, cli_note);
    import_release(&import);
    header_release(&header);
}

/* Converts from a format of two files. */
static void convert_foreign_of_two(const char *path)
{
    if (!opt.words && !path)
        cli_usage_error("--from=%s: the words are in a separate file; specify --words=FILE",
                        from->name);
    char *words_path = opt.words ? NULL : format_words_name(from, path, &err);
    if (!opt.words && !words_path)
        cli_die(&err);
    const char *name;
    int fd = cli_open_input(opt.words ? opt.words : words_path, &name, false);
    if (fd == in.fd)
        cli_usage_error("standard input cannot be both the vectors and their words");
    if (output_is_same(cli_common()->output, fd) ||
        (out_words.name && output_is_same(out_words.name, fd)))
        cli_usage_error("%s: is also an output", name);
    struct input words = input_from(fd, name);
    convert_foreign(&words);
    input_release(&words);
    close(fd);
    free(words_path);
}

static void check_options(void)
{
    if (opt.output_vectors && from)
        cli_usage_error("--output-vectors: requires a checkpoint, but %s is %s", in.name,
                        from->name);
    if (opt.ignore_count && (!from || from->words_suffix))
        cli_usage_error("--ignore-count: does not apply to %s", from ? from->name : own);
    if (opt.skip_nonfinite && !from)
        cli_usage_error("--skip-nonfinite: does not apply to %s", own);
    if (opt.words && (!from || !from->words_suffix))
        cli_usage_error("--words: %s has no separate file of words", from ? from->name : own);
    if (!from && !opt.to && !opt.output_vectors)
        cli_usage_error("%s: is already a stream; specify --to=FORMAT", in.name);
}

int main(int argc, char **argv)
{
    char **operand = cli_start(&program, argc, argv);
    const char *name;
    if (opt.from)
        named("from", opt.from);
    to = opt.to ? named("to", opt.to) : NULL;
    int fd = cli_open_input(operand[0], &name, true);
    in = input_from(fd, name);
    open_output(fd);
    progress_start_input(fd);
    find_source();
    check_options();
    if (!from)
        convert_stream();
    else if (from->words_suffix)
        convert_foreign_of_two(fd == STDIN_FILENO ? NULL : operand[0]);
    else
        convert_foreign(NULL);
    input_release(&in);
    return STATUS_OK;
}

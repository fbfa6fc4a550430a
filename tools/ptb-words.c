/* SPDX-License-Identifier: MIT */
/* ptb-words -- reads running text, writes one sentence per line, words separated by spaces. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/output.h"
#include "program/cli.h"
#include "program/progress.h"
#include "stream/recognise.h"
#include "text/segmenter.h"

static struct segmenter_options opt;

static const struct cli_option options[] = {
    {0, "keep-case", OPTION_FLAG, &opt.keep_case, "do not convert words to lower case", 0, 0,
     false},
    {0, "lines", OPTION_FLAG, &opt.lines, "end a sentence at every line end, too", 0, 0, false},
    {0, "sentences", OPTION_FLAG, &opt.sentences_only,
     "only split sentences, one per line; keep their characters", 0, 0, false},
    {0},
};

static const struct cli_program program = {
    .name = "ptb-words",
    .operands = "[TEXT]...",
    .summary = "Split running text in any script into sentences, one per line, and words in\n"
               "lower case, separated by spaces.",
    .options = options,
    .max_operands = INT_MAX,
    .example = "ptb-words book.txt | ptb-vocab -m 5 | sgns-batch -e 10 | sgns-train > book.bin",
};

enum { BLOCK = 1 << 16 /* bytes */ };

static struct error err;
static struct output out;
static struct segmenter segmenter;
static uint64_t bytes_read;
static char block[BLOCK];

/* Returns 0 at the end of the text. */
static size_t read_block(int fd, const char *name)
{
    ssize_t n;
    do
        n = read(fd, block, sizeof block);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        must(error_system(&err, "%s: read failed", name), &err);
    return (size_t)n;
}

static void write_output(void)
{
    size_t size;
    const char *text = segmenter_take(&segmenter, &size);
    progress_before_output(out.fd);
    if (fwrite(text, 1, size, out.text) != size)
        must(error_system(&err, "%s: write failed", out.name), &err);
}

static void split(int fd, const char *name)
{
    uint64_t before = bytes_read;
    for (size_t size; (size = read_block(fd, name)) > 0;) {
        if (bytes_read == before)
            must(stream_expect_text(name, block, size, &err), &err);
        bytes_read += size;
        must(segmenter_feed(&segmenter, block, size, &err), &err);
        write_output();
        progress_update((double)bytes_read, "%.0f MB, %.1f MB/s", (double)bytes_read / 1e6,
                        progress_speed((double)bytes_read) / 1e6);
    }
    segmenter_end(&segmenter);
    write_output();
}

static void open_output(int input)
{
    must(output_open(&out, cli_common()->output, input, &err), &err);
    must(output_text(&out, &err), &err);
}

/* Splits each text, or standard input if there are none. */
static void split_all(char **text)
{
    const char *name;
    do {
        int fd = cli_open_input(*text, &name, false);
        if (!out.text)
            open_output(fd);
        else if (output_is_same(cli_common()->output, fd))
            cli_usage_error("%s: is also the output", name);
        split(fd, name);
        if (fd != STDIN_FILENO)
            close(fd);
    } while (*text && *++text);
}

static void note_results(void)
{
    uint64_t invalid = segmenter.invalid_bytes;
    if (invalid > 0)
        cli_note("%llu byte%s of invalid UTF-8 taken as spaces; if the text has another encoding, "
                 "convert it with iconv",
                 (unsigned long long)invalid, plural(invalid));
    if (!opt.sentences_only && segmenter_is_unspaced(&segmenter))
        cli_note("most of this text is written without spaces between words; insert them with a "
                 "word segmenter first");
    if (opt.sentences_only)
        cli_note("%llu sentence%s", (unsigned long long)segmenter.sentences,
                 plural(segmenter.sentences));
    else
        cli_note("%llu sentence%s, %llu word%s", (unsigned long long)segmenter.sentences,
                 plural(segmenter.sentences), (unsigned long long)segmenter.words,
                 plural(segmenter.words));
}

int main(int argc, char **argv)
{
    char **text = cli_start(&program, argc, argv);
    must(segmenter_init(&segmenter, &opt, &err), &err);
    progress_start(progress_bytes(text));
    split_all(text);
    if (segmenter.words == 0)
        must(error_set(&err, STATUS_INPUT, "%s: no words", text[0] ? text[0] : "stdin"), &err);
    note_results();
    must(output_commit(&out, &err), &err);
    segmenter_release(&segmenter);
    return STATUS_OK;
}

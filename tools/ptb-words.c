/* SPDX-License-Identifier: MIT */
/* ptb-words -- reads running text, writes one sentence per line, words separated by spaces. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/output.h"
#include "program/cli.h"
#include "program/progress.h"
#include "text/segmenter.h"
#include "text/text_files.h"

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

enum {
    BLOCK = 1 << 16,    /* bytes */
    LONG_SENTENCE = 100 /* words on average: more than in any prose */
};

static struct error err;
static struct output out;
static struct segmenter segmenter;
static char block[BLOCK];

static void open_text(char **path, struct text_files *text)
{
    size_t count;
    const char *output = cli_common()->output;
    struct text_file *file = text_files_named(path, output, &count, &err);
    if (!file)
        cli_die(&err);
    must(output_open(&out, output, -1, &err), &err);
    must(output_text(&out, &err), &err);
    must(text_files_init(text, file, count, BLOCK, &err), &err);
    free(file);
}

static void write_output(void)
{
    size_t size;
    const char *text = segmenter_take(&segmenter, &size);
    progress_before_output(out.fd);
    if (fwrite(text, 1, size, out.text) != size)
        must(error_system(&err, "%s: write failed", out.name), &err);
}

/* The end of a file is the end of a sentence. */
static void split(struct text_files *text)
{
    ssize_t size;
    for (size_t begun = 1; (size = text_files_read(text, block, sizeof block, &err)) > 0;) {
        if (text->begun > begun)
            segmenter_end(&segmenter);
        begun = text->begun;
        must(segmenter_feed(&segmenter, block, (size_t)size, &err), &err);
        write_output();
        progress_update((double)text->bytes, "%.0f MB, %.1f MB/s", (double)text->bytes / 1e6,
                        progress_speed((double)text->bytes) / 1e6);
    }
    must((int)size, &err);
    segmenter_end(&segmenter);
    write_output();
}

static void note_results(const struct text_files *text)
{
    text_files_note(text, cli_note);
    uint64_t invalid = segmenter.invalid_bytes;
    if (invalid > 0)
        cli_note("%llu byte%s of invalid UTF-8 taken as spaces; if the text has another encoding, "
                 "convert it with iconv",
                 (unsigned long long)invalid, plural(invalid));
    if (!opt.sentences_only && segmenter_is_unspaced(&segmenter))
        cli_note("most of this text is written without spaces between words; insert them with a "
                 "word segmenter first");
    if (!opt.lines && segmenter.words > LONG_SENTENCE * segmenter.sentences)
        cli_note("sentences have %llu words on average; if every line is a sentence, use --lines",
                 (unsigned long long)(segmenter.words / segmenter.sentences));
    if (opt.sentences_only)
        cli_note("%llu sentence%s", (unsigned long long)segmenter.sentences,
                 plural(segmenter.sentences));
    else
        cli_note("%llu sentence%s, %llu word%s", (unsigned long long)segmenter.sentences,
                 plural(segmenter.sentences), (unsigned long long)segmenter.words,
                 plural(segmenter.words));
}

_Noreturn static void refuse_without_words(const struct text_files *text)
{
    text_files_without_words(text, &err);
    size_t length = strlen(err.text);
    if (segmenter.invalid_bytes > 0)
        snprintf(err.text + length, sizeof err.text - length,
                 " in UTF-8; if the text has another encoding, convert it with iconv");
    cli_die(&err);
}

int main(int argc, char **argv)
{
    char **path = cli_start(&program, argc, argv);
    struct text_files text;
    must(segmenter_init(&segmenter, &opt, &err), &err);
    open_text(path, &text);
    progress_start_files(path);
    split(&text);
    if (segmenter.words == 0)
        refuse_without_words(&text);
    note_results(&text);
    must(output_commit(&out, &err), &err);
    text_files_release(&text);
    segmenter_release(&segmenter);
    return STATUS_OK;
}

/* SPDX-License-Identifier: MIT */
/* ptb-phrase -- reads a corpus, writes a corpus in which phrases such as "new york" are single
 * words. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/escape.h"
#include "base/input.h"
#include "base/limits.h"
#include "base/memory.h"
#include "base/output.h"
#include "check/verify.h"
#include "program/cli.h"
#include "program/progress.h"
#include "stream/corpus.h"
#include "stream/recognise.h"
#include "text/phrase_matcher.h"
#include "text/phrases.h"

static struct {
    struct phrase_options phrases;
    const char *score, *with, *keep;
    uint32_t passes, threads;
    bool list;
} opt = {
    .phrases = {.threshold = 100, .min_count = 5, .delimiter = "_", .memory = 1 << 30},
    .score = "word2phrase",
    .passes = 1,
    .threads = 1,
};

/* Rows of the table: those before --with and after --delimiter are only for finding phrases. */
enum { FIRST_OF_FINDING = 1, OPTION_WITH = 6 };

static struct cli_option options[] = {
    {0, "delimiter", OPTION_STRING, &opt.phrases.delimiter, "TEXT: joins the words of a phrase", 0,
     0, true},
    {0, "score", OPTION_STRING, &opt.score, "SCORE: word2phrase or npmi", 0, 0, true},
    {0, "threshold", OPTION_DOUBLE, &opt.phrases.threshold,
     "T: join pairs whose score exceeds T; with npmi, from -1 to 1, 0.5 by default", -1, 1e15,
     true},
    {'m', "min-count", OPTION_U64, &opt.phrases.min_count,
     "N: discount of the count of a pair; with npmi, its minimum", 1, 0x1p64, true},
    {0, "passes", OPTION_U32, &opt.passes, "N: repeat, so that joined words form longer phrases", 1,
     100, true},
    {0, "keep", OPTION_STRING, &opt.keep,
     "FILE: words that may be inside of a phrase, but not at its ends", 0, 0, true},
    {0, "with", OPTION_STRING, &opt.with,
     "STREAM: join the phrases that the vocabulary of STREAM has", 0, 0, true},
    {0, "list", OPTION_FLAG, &opt.list, "print the phrases with score and counts instead", 0, 0,
     false},
    {0, "memory", OPTION_SIZE, &opt.phrases.memory,
     "SIZE: memory limit for the corpus and the counts of pairs; the rest spills to $TMPDIR",
     1 << 20, 0x1p60, false},
    {'t', "threads", OPTION_U32, &opt.threads, "N: threads to use; 0: one per processor", 0, 1024,
     false},
    {0},
};

static const struct cli_program program = {
    .name = "ptb-phrase",
    .operands = "[CORPUS]",
    .summary = "Join words that occur together more often than by chance: \"new york\" becomes\n"
               "\"new_york\".",
    .options = options,
    .max_operands = 1,
    .example = "ptb-vocab < ptb.txt | ptb-phrase | ptb-subsample > corpus.bin",
    .binary = true,
    .text = &opt.list,
};

static struct error err;
static struct output out;
static struct corpus_reader in;
static struct header header; /* of the output */

static void start_writing(struct corpus_writer *to)
{
    must(corpus_writer_open(to, out.fd, out.name, &header, &err), &err);
    progress_before_output(out.fd);
}

static void finish_writing(struct corpus_writer *to, uint64_t joined)
{
    cli_note("%llu token%s, %llu of them phrases, vocabulary of %lu word%s",
             (unsigned long long)to->totals.tokens, plural(to->totals.tokens),
             (unsigned long long)joined, (unsigned long)header.vocab.words.count,
             plural(header.vocab.words.count));
    must(corpus_writer_finish(to, &err), &err);
    corpus_writer_close(to);
}

/* ---- finding and joining phrases ---- */

static struct phrases phrases;

/* Reads connector words, separated by white space. */
static void read_connectors(void)
{
    const char *name, *line;
    size_t length;
    int fd = cli_open_other_input(opt.keep, &name, false);
    struct input input = input_from(fd, name);
    must(stream_expect_text_in(&input, CONTENT_PROBE, &err), &err);
    while (must(input_text_line(&input, &line, &length, &err), &err) > 0)
        for (size_t at = 0, end; at < length; at = end + 1) {
            for (end = at; end < length && !strchr(" \t\v\f\r", line[end]); end++)
                ;
            if (end > at)
                must(phrases_add_connector(&phrases, line + at, end - at, &err), &err);
        }
    input_release(&input);
    close(fd);
}

static void read_corpus(int fd)
{
    size_t count;
    progress_start_input(fd);
    while (must(corpus_read(&in, &count, &err), &err) > 0) {
        must(phrases_add(&phrases, in.token, count, &err), &err);
        progress_update_input("reading: %.1f million tokens", (double)in.totals.tokens / 1e6);
    }
    must(phrases_finish(&phrases, &err), &err);
}

static void show_joined(uint64_t tokens)
{
    progress_update((double)tokens, "joining: %.1f million tokens", (double)tokens / 1e6);
}

static void list_phrases(void)
{
    const struct words *words = &phrases.vocab.words;
    progress_before_output(out.fd);
    for (size_t i = 0; i < phrases.found; i++) {
        const struct phrase *p = &phrases.phrase[i];
        escape_print_if(out.text, words_text(words, p->id), words_length(words, p->id),
                        isatty(out.fd));
        fprintf(out.text, "\t%.9g\t%llu\t%llu\t%llu\n", p->score, (unsigned long long)p->count,
                (unsigned long long)p->first_count, (unsigned long long)p->last_count);
    }
    if (ferror(out.text))
        must(error_system(&err, "%s: write failed", out.name), &err);
}

/* One pass after the other. With --list, the last one only finds phrases. */
static void run_passes(void)
{
    for (uint32_t pass = 1; pass <= opt.passes; pass++) {
        bool last = pass == opt.passes;
        must(phrases_find(&phrases, &err), &err);
        cli_note("pass %lu: %zu phrase%s", (unsigned long)pass, phrases.found,
                 plural(phrases.found));
        if (opt.list)
            list_phrases();
        if (opt.list && last)
            return;
        progress_start((double)phrases.log.count);
        must(phrases_join(&phrases, !last, show_joined, &err), &err);
    }
}

static void write_joined(void)
{
    struct corpus_writer to;
    const uint32_t *token;
    uint64_t at = 0, joined = 0;
    size_t n;
    uint32_t *new_id = memory_new(phrases.vocab.words.count, sizeof *new_id, &err);
    if (!new_id)
        cli_die(&err);
    must(phrases_vocab(&phrases, &header.vocab, new_id, &err), &err);
    start_writing(&to);
    progress_start((double)phrases.log.count);
    do {
        must(phrases_read(&phrases, &at, &token, &n, &err), &err);
        for (size_t i = 0; i < n; i++) {
            bool end = token[i] == SENTENCE_END;
            joined += !end && token[i] >= phrases.words;
            must(corpus_write(&to, end ? SENTENCE_END : new_id[token[i]], &err), &err);
        }
        progress_update((double)at, "writing: %.1f million tokens", (double)at / 1e6);
    } while (n > 0);
    free(new_id);
    finish_writing(&to, joined);
}

static void find_and_join(int fd)
{
    struct team team;
    must(team_init(&team, cli_threads(opt.threads), &err), &err);
    must(phrases_init(&phrases, &header.vocab, &opt.phrases, &team, &err), &err);
    if (opt.keep)
        read_connectors();
    read_corpus(fd);
    if (opt.list)
        must(output_text(&out, &err), &err);
    run_passes();
    if (!opt.list)
        write_joined();
    phrases_release(&phrases);
    team_release(&team);
}

/* ---- joining the phrases of another stream: --with ---- */

/* Reads the vocabulary and the provenance of --with. */
static void read_vocab(struct header *from)
{
    const char *name;
    int fd = cli_open_other_input(opt.with, &name, true);
    progress_start_input(fd);
    must(verify_vocab(fd, name, from, progress_reading_vocab, &err), &err);
    close(fd);
}

/* Joins and writes what precedes <unk> or the end of a sentence. Returns the number of phrases. */
static uint64_t write_matched(const struct phrase_matcher *m, struct corpus_writer *to,
                              const uint32_t *token, size_t n)
{
    uint64_t joined = 0;
    for (size_t at = 0, matched; at < n; at += matched) {
        uint32_t id;
        matched = phrase_match(m, token + at, n - at, &id);
        joined += matched > 1;
        must(corpus_write(to, id, &err), &err);
    }
    return joined;
}

static void join_with(int fd)
{
    struct phrase_matcher matcher;
    struct corpus_writer to;
    struct header text = header;
    uint32_t *part = NULL; /* (length) of a sentence, up to here */
    size_t count, length = 0, capacity = 0;
    uint64_t joined = 0;
    header = (struct header){0};
    read_vocab(&header);
    must(header_join_provenance(&header, &text, text.programs, &err), &err);
    cli_add_provenance(&header);
    must(phrase_matcher_init(&matcher, &text.vocab.words, &header.vocab.words,
                             opt.phrases.delimiter, &err),
         &err);
    start_writing(&to);
    progress_start_input(fd);
    while (must(corpus_read(&in, &count, &err), &err) > 0) {
        must(memory_reserve(&part, &capacity, length + count, sizeof *part, &err), &err);
        for (size_t i = 0; i < count; i++)
            if (in.token[i] == SENTENCE_END || in.token[i] == UNKNOWN_ID) {
                joined += write_matched(&matcher, &to, part, length);
                length = 0;
                must(corpus_write(&to, in.token[i], &err), &err);
            } else {
                part[length++] = in.token[i];
            }
        progress_update_input("%.1f million tokens", (double)in.totals.tokens / 1e6);
    }
    free(part);
    phrase_matcher_release(&matcher);
    finish_writing(&to, joined);
    header_release(&text);
}

/* ---- the command line ---- */

static void check_delimiter(void)
{
    if (!word_is_valid(opt.phrases.delimiter, strlen(opt.phrases.delimiter)))
        cli_usage_error("--delimiter=%s: expected text without white space", opt.phrases.delimiter);
}

static void check_score(void)
{
    opt.phrases.npmi = strcmp(opt.score, "npmi") == 0;
    if (!opt.phrases.npmi && strcmp(opt.score, "word2phrase") != 0)
        cli_usage_error("--score=%s: expected word2phrase or npmi", opt.score);
    if (opt.phrases.npmi && !cli_given("threshold"))
        opt.phrases.threshold = 0.5;
    if (opt.phrases.npmi && opt.phrases.threshold > 1)
        cli_usage_error("--threshold=%g: with --score npmi, expected a number from -1 to 1",
                        opt.phrases.threshold);
}

static void check_command_line(const char *operand)
{
    check_delimiter();
    check_score();
    if (!cli_given("memory"))
        opt.phrases.memory = limits_work_memory();
    for (int i = FIRST_OF_FINDING; opt.with && i < OPTION_WITH; i++) {
        if (cli_given(options[i].name))
            cli_usage_error("--with and --%s cannot be combined", options[i].name);
        options[i].recorded = false;
    }
    if (opt.with && opt.list)
        cli_usage_error("--with and --list cannot be combined");
    const char *other = opt.with ? opt.with : opt.keep;
    if (other && input_is_stdin(other) && input_is_stdin(operand))
        cli_usage_error("standard input can be read only once");
}

int main(int argc, char **argv)
{
    char **operand = cli_start(&program, argc, argv);
    const char *name;
    check_command_line(operand[0]);
    int fd = cli_open_input(operand[0], &name, true);
    must(output_open(&out, cli_common()->output, fd, &err), &err);
    must(corpus_reader_open(&in, fd, name, &err), &err);
    header = in.header;
    /* The reader checks ids against the number of words. */
    in.header = (struct header){.vocab = {.words = {.count = header.vocab.words.count}}};
    if (opt.with) {
        join_with(fd);
    } else {
        cli_add_provenance(&header);
        find_and_join(fd);
    }
    must(output_commit(&out, &err), &err);
    in.header = (struct header){0};
    corpus_reader_close(&in);
    header_release(&header);
    return STATUS_OK;
}

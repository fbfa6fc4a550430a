/* SPDX-License-Identifier: MIT */
/* ptb-vocab -- text to corpus stream: counts words, builds the vocabulary, encodes. */
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "corpus.h"
#include "counter.h"
#include "output.h"
#include "progress.h"
#include "tokenizer.h"
#include "verify.h"

static struct {
    uint64_t min_count;
    uint32_t max_vocab;
    const char *vocab;
    bool strict;
} opt = {.min_count = 10, .max_vocab = WORDS_MAX};

enum { OPTION_MIN_COUNT, OPTION_MAX_VOCAB }; /* in the table: no use beside --vocab */

static struct cli_option options[] = {
    {'m', "min-count", OPTION_U64, &opt.min_count, "N: keep words that occur at least N times", 1,
     0x1p64, true},
    {'M', "max-vocab", OPTION_U32, &opt.max_vocab,
     "N: of these, keep the most frequent, N with <unk>", 1, WORDS_MAX, true},
    {0, "vocab", OPTION_STRING, &opt.vocab, "STREAM: encode with the vocabulary of this stream", 0,
     0, true},
    {0, "strict", OPTION_FLAG, &opt.strict, "refuse words above 65535 bytes or with a zero byte", 0,
     0, false},
    {0},
};

static const struct cli_program program = {
    .name = "ptb-vocab",
    .operands = "[FILE]",
    .summary =
        "Count the words of a text, build the vocabulary, and write the text as a corpus stream.",
    .options = options,
    .max_operands = 1,
    .example = "ptb-vocab < ptb.txt | ptb-subsample | sgns-batch | sgns-train > emb.bin",
    .binary = true,
};

static struct error err;

/* The next token; bad words are an error where --strict asks for it. */
static int next_token(struct tokenizer *text, const char **word, size_t *length)
{
    int kind = must(tokenizer_next(text, word, length, &err), &err);
    if (kind == TOKEN_BAD_WORD && opt.strict)
        must(error_set(&err, STATUS_INPUT,
                       "%s: before byte %llu: a word above %d bytes or with a zero byte",
                       text->name, (unsigned long long)text->bytes, WORD_MAX),
             &err);
    return kind;
}

static void count_text(struct tokenizer *text, struct counter *counter)
{
    struct progress progress;
    progress_start(&progress, cli_common()->quiet);
    const char *word;
    size_t length;
    int kind;
    while ((kind = next_token(text, &word, &length)) != TOKEN_END) {
        if (kind == TOKEN_WORD)
            must(counter_add_word(counter, word, length, &err), &err);
        else if (kind == TOKEN_BAD_WORD)
            must(counter_add_bad_word(counter, &err), &err);
        else
            must(counter_end_sentence(counter, &err), &err);
        if (counter->tokens % 65536 == 0 && progress_due(&progress))
            progress_show(&progress, "%.0f MB read, %.1f million tokens", (double)text->bytes / 1e6,
                          (double)counter->tokens / 1e6);
    }
}

/* Counts the whole text, then writes it with its own vocabulary. Returns how many bad words it had.
 */
static uint64_t encode_own(struct tokenizer *text, struct head *head, struct output *out,
                           struct corpus_writer *corpus)
{
    struct counter counter;
    must(counter_init(&counter, &err), &err);
    count_text(text, &counter);
    must(counter_select(&counter, opt.min_count, opt.max_vocab, &head->vocab, &err), &err);
    if (counter.words.count == 0 && counter.bad_words == 0)
        must(error_set(&err, STATUS_INPUT, "%s: no words", text->name), &err);
    must(corpus_writer_open(corpus, out->fd, out->name, head, &err), &err);
    for (size_t i = 0; i < counter.tokens; i++)
        must(corpus_write(corpus, counter.token[i], &err), &err);
    uint64_t bad_words = counter.bad_words;
    counter_release(&counter);
    return bad_words;
}

/* Takes over the vocabulary of a stream, and how it was made. */
static void read_vocab(const char *path, struct head *head)
{
    const char *name;
    int fd = cli_open_input(path, &name, false);
    must(stream_verify(fd, name, head, &err), &err);
    close(fd);
}

/* Writes the text with the vocabulary in `head` as it comes. Returns how many bad words it had. */
static uint64_t encode_with_given(struct tokenizer *text, struct head *head, struct output *out,
                                  struct corpus_writer *corpus)
{
    struct word_index *index = word_index_new(&head->vocab.words, &err);
    if (!index)
        cli_die(&err);
    must(corpus_writer_open(corpus, out->fd, out->name, head, &err), &err);
    uint64_t bad_words = 0;
    const char *word;
    size_t length;
    int kind;
    while ((kind = next_token(text, &word, &length)) != TOKEN_END) {
        uint32_t id = kind == TOKEN_WORD ? word_index_find(index, word, length) : NO_WORD;
        bad_words += kind == TOKEN_BAD_WORD;
        uint32_t token = kind == TOKEN_LINE_END ? SENTENCE_END : id == NO_WORD ? UNKNOWN_ID : id;
        must(corpus_write(corpus, token, &err), &err);
    }
    if (corpus->totals.tokens == 0)
        must(error_set(&err, STATUS_INPUT, "%s: no words", text->name), &err);
    word_index_free(index);
    return bad_words;
}

int main(int argc, char **argv)
{
    char **operand = cli_start(&program, argc, argv);
    if (opt.vocab && strcmp(opt.vocab, "-") == 0 && (!operand[0] || strcmp(operand[0], "-") == 0))
        cli_usage_error("standard input cannot be both the text and the --vocab stream");
    struct head head = {0};
    if (opt.vocab) {
        read_vocab(opt.vocab, &head);
        options[OPTION_MIN_COUNT].recorded = options[OPTION_MAX_VOCAB].recorded = false;
    }
    const char *name;
    int in = cli_open_input(operand[0], &name, false);
    struct output out;
    must(output_open(&out, cli_common()->output, in, &err), &err);

    struct tokenizer text;
    struct corpus_writer corpus;
    must(tokenizer_init(&text, in, name, &err), &err);
    cli_add_provenance(&head);
    uint64_t bad_words = opt.vocab ? encode_with_given(&text, &head, &out, &corpus)
                                   : encode_own(&text, &head, &out, &corpus);
    /* Before END goes out: so the notes of a pipe's programs come in the order of the pipe. */
    if (bad_words > 0)
        cli_note("%llu words above %d bytes or with a zero byte became " UNKNOWN_WORD,
                 (unsigned long long)bad_words, WORD_MAX);
    cli_note("%llu sentences, %llu tokens, vocabulary of %lu words",
             (unsigned long long)corpus.totals.sentences, (unsigned long long)corpus.totals.tokens,
             (unsigned long)head.vocab.words.count);
    must(corpus_writer_finish(&corpus, &err), &err);
    must(output_commit(&out, &err), &err);

    corpus_writer_close(&corpus);
    tokenizer_release(&text);
    head_release(&head);
    return STATUS_OK;
}

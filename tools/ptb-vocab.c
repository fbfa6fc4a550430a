/* SPDX-License-Identifier: MIT */
/* ptb-vocab -- text to corpus stream: counts words, builds the vocabulary, encodes. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "corpus.h"
#include "counter.h"
#include "output.h"
#include "progress.h"
#include "token_store.h"
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

/* The next tokens; bad words are an error where --strict asks for it. */
static int next_tokens(struct tokenizer *text, struct tokens *tokens)
{
    int got = must(tokenizer_read(text, tokens, &err), &err);
    for (uint32_t i = 0; opt.strict && i < tokens->count; i++)
        if (tokens->length[i] > WORD_MAX)
            must(error_set(&err, STATUS_INPUT,
                           "%s: before byte %llu: a word above %d bytes or with a zero byte",
                           text->name, (unsigned long long)text->bytes, WORD_MAX),
                 &err);
    return got;
}

static void count_text(struct tokenizer *text, struct counter *counter, struct token_store *store)
{
    static struct tokens tokens;
    uint32_t place[TOKENS_MAX];
    struct progress progress;
    progress_start(&progress, cli_common()->quiet);
    for (unsigned calls = 1; next_tokens(text, &tokens); calls++) {
        must(counter_add(counter, &tokens, place, &err), &err);
        must(token_store_append(store, place, tokens.count, &err), &err);
        if (calls % 256 == 0 && progress_due(&progress))
            progress_show(&progress, "%.0f MB read, %.1f million tokens", (double)text->bytes / 1e6,
                          (double)counter->totals.tokens / 1e6);
    }
    if (counter->totals.tokens == 0)
        must(error_set(&err, STATUS_INPUT, "%s: no words", text->name), &err);
}

/* Counts the whole text, then writes it with its own vocabulary. Returns how many bad words it had.
 */
static uint64_t encode_own(struct tokenizer *text, struct head *head, struct output *out,
                           struct corpus_writer *corpus)
{
    struct counter counter;
    struct token_store *store = token_store_new(UINT64_MAX, &err);
    if (!store)
        cli_die(&err);
    must(counter_init(&counter, &err), &err);
    count_text(text, &counter, store);
    uint32_t *new_id = counter_select(&counter, opt.min_count, opt.max_vocab, &head->vocab, &err);
    if (!new_id)
        cli_die(&err);
    must(corpus_writer_open(corpus, out->fd, out->name, head, &err), &err);
    uint32_t *token;
    size_t count;
    while (must(token_store_read(store, &token, &count, &err), &err)) {
        counter_translate(&counter, new_id, token, count);
        must(corpus_write_all(corpus, token, count, &err), &err);
    }
    uint64_t bad_words = counter.bad_words;
    free(new_id);
    token_store_free(store);
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
    static struct tokens tokens;
    uint32_t id[TOKENS_MAX];
    uint64_t bad_words = 0;
    while (next_tokens(text, &tokens)) {
        word_index_find_all(index, &tokens, id);
        for (uint32_t i = 0; i < tokens.count; i++) {
            bad_words += tokens.length[i] > WORD_MAX;
            if (tokens.length[i] == TOKEN_LINE_END)
                id[i] = SENTENCE_END;
            else if (id[i] == NO_WORD)
                id[i] = UNKNOWN_ID;
        }
        must(corpus_write_all(corpus, id, tokens.count, &err), &err);
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

/* SPDX-License-Identifier: MIT */
/* Encoding a text as a corpus stream like ptb-vocab, and decoding it, compared with a plain
 * reference implementation: the same words in the same order for all block sizes, memory limits
 * and threads. */
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/memory.h"
#include "fuzz.h"
#include "text/encode.h"

enum { LONG_RUN = 33000, THREADS = 3 };

/* Values of the first control byte. */
enum { LONG_WORDS = 0x20, TEMPORARY_FILE = 0xf0 /* and above */ };

/* Slow cases must be rare, although fuzzing favours them: they are only run for a fraction of
 * the inputs, selected by a hash. */

/* ---- the input: two control bytes and a text ---- */

static struct {
    uint64_t hash;
    struct bytes text;
    size_t mark; /* bytes of a byte order mark before the text */
    size_t chunk, block_size;
    uint64_t min_count, memory;
    uint32_t max_words;
    bool strict;
} in;

/* For long words: replaces each byte 255 by more than half of WORD_MAX bytes. */
static void expand(const uint8_t *text, size_t size)
{
    static uint8_t run[LONG_RUN];
    struct error err;
    int runs = 0;
    memset(run, 'y', sizeof run);
    in.text.size = 0;
    for (size_t i = 0; i < size; i++) {
        bool is_run = text[i] == 0xff && runs++ < 4;
        demand_success(
            bytes_put(&in.text, is_run ? run : text + i, is_run ? LONG_RUN : 1, &err) == 0, &err);
    }
}

static void take_input(const uint8_t *data, size_t size)
{
    static const size_t chunks[4] = {0, 0, 3, 61}, blocks[4] = {1 << 14, 300, 64, 5};
    static const uint64_t memories[4] = {0, 1 << 30, 1 << 30, 40};
    struct error err;
    unsigned how = size > 0 ? data[0] : 0, what = size > 1 ? data[1] : 0;
    in.hash = XXH64(data, size, 0);
    in.chunk = chunks[how & 3];
    in.block_size = blocks[how >> 2 & 3];
    in.strict = what & 1;
    in.min_count = 1 + (what >> 1 & 3);
    in.max_words = what & 8 ? 1 + (what >> 4) : WORDS_MAX;
    in.memory = how >= TEMPORARY_FILE && in.hash / 32 % 32 == 0 ? memories[how >> 2 & 3] : 1 << 30;
    data += size < 2 ? size : 2;
    size -= size < 2 ? size : 2;
    in.text.size = 0;
    if (how == LONG_WORDS && in.hash % 32 == 0) {
        in.block_size = what & 0x80 ? TEXT_BLOCK : 1 << 14; /* small blocks would be slow */
        in.chunk = 0;
        expand(data, size);
        return;
    }
    demand_success(bytes_put(&in.text, data, size, &err) == 0, &err);
}

/* ---- the reference implementation ---- */

enum { END, WORD, BAD_WORD, LINE_END };

/* Reads the token at *at and advances *at; for a word, sets *word and its length in bytes. */
static int next_token(size_t *at, const char **word, size_t *length)
{
    const char *text = (const char *)in.text.data;
    while (*at < in.text.size && strchr(" \t\v\f\r", text[*at]) && text[*at])
        ++*at;
    if (*at == in.text.size)
        return END;
    if (text[*at] == '\n') {
        ++*at;
        return LINE_END;
    }
    *word = text + *at;
    while (*at < in.text.size && (!strchr(" \t\v\f\r\n", text[*at]) || !text[*at]))
        ++*at;
    *length = (size_t)(text + *at - *word);
    return *length > WORD_MAX || memchr(*word, 0, *length) ? BAD_WORD : WORD;
}

struct sums {
    uint64_t words, bad_words, lines;
};

static struct sums sums_of_text(void)
{
    struct sums s = {0};
    const char *word;
    in.mark = in.text.size >= 3 && memcmp(in.text.data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    size_t at = in.mark, length;
    for (int token; (token = next_token(&at, &word, &length)) != END;) {
        s.words += token != LINE_END;
        s.bad_words += token == BAD_WORD;
        s.lines += token == LINE_END;
    }
    if (in.text.size > 0 && in.text.data[in.text.size - 1] != '\n')
        s.lines++;
    return s;
}

/* ---- the library ---- */

static struct text_reader open_text(void)
{
    struct text_reader text;
    struct error err;
    fuzz_input(in.text.data, in.text.size, in.chunk);
    demand_success(text_reader_init(&text, FUZZ_FD, "input", in.block_size, &err) == 0, &err);
    return text;
}

/* What is not text is refused. Without control characters only four signatures are not text, and
 * those with bytes above 127. */
static bool is_other_content(void)
{
    const struct content *content = content_recognise(in.text.data, in.text.size);
    bool refused = content && !content->text;
    if (refused && content_looks_like_text(in.text.data, in.text.size))
        demand(strchr("%{!v(c", in.text.data[0]) || in.text.data[0] >= 0x80 ||
               in.text.data[1] >= 0x80);
    return refused;
}

/* Whether the text must be refused. */
static bool is_bad(const struct sums *sums)
{
    return is_other_content() || sums->words == 0 || (in.strict && sums->bad_words > 0);
}

/* Counts and encodes. Fills the header; the stream is in fuzz_output(). Returns whether the text
 * was accepted. */
static bool count_and_encode(const struct sums *sums, unsigned threads, struct header *header)
{
    struct error err;
    struct text_counter counter;
    struct corpus_writer corpus;
    const struct text_options options = {.threads = threads, .strict = in.strict};
    struct text_reader text = open_text();
    int result = text_counter_run(&counter, &text, &options, &in.memory, &err);
    text_reader_release(&text);
    demand_success((result < 0) == is_bad(sums), &err);
    if (result < 0) {
        demand_refusal(&err);
        return false;
    }
    const struct vocab *counted = &counter.whole.counted;
    demand(counter.whole.bad_words == sums->bad_words);
    uint32_t *id = memory_new(counted->words.count, sizeof *id, &err);
    demand_success(id, &err);
    demand_success(vocab_select(&header->vocab, &counted->words, counted->count, 0, in.min_count,
                                in.max_words, id, &err) == 0,
                   &err);
    fuzz_output()->size = 0;
    demand_success(corpus_writer_open(&corpus, FUZZ_FD, "output", header, &err) == 0, &err);
    demand_success(encode_counted(&counter, id, &corpus, NULL, &err) == 0, &err);
    demand_success(corpus_writer_finish(&corpus, &err) == 0, &err);
    corpus_writer_close(&corpus);
    free(id);
    text_counter_release(&counter);
    return true;
}

/* Encodes with a given vocabulary. */
static void encode_again(const struct sums *sums, unsigned threads, struct header *header)
{
    struct error err;
    struct corpus_writer corpus;
    const struct text_options options = {.threads = threads, .strict = in.strict};
    struct text_reader text = open_text();
    uint64_t bad_words;
    struct word_index *index = word_index_new(&header->vocab.words, &err);
    demand_success(index, &err);
    fuzz_output()->size = 0;
    demand_success(corpus_writer_open(&corpus, FUZZ_FD, "output", header, &err) == 0, &err);
    demand_success(encode_text(&text, &options, index, &corpus, &bad_words, &err) == 0, &err);
    demand_success(corpus_writer_finish(&corpus, &err) == 0, &err);
    demand(bad_words == sums->bad_words);
    corpus_writer_close(&corpus);
    word_index_free(index);
    text_reader_release(&text);
}

/* ---- comparison ---- */

/* The id must match the token of the text at *at. */
static void check_token(const struct vocab *vocab, size_t *at, uint32_t id)
{
    const char *word;
    size_t length;
    int token = next_token(at, &word, &length);
    if (id == SENTENCE_END) {
        demand(token == LINE_END || (token == END && in.text.data[in.text.size - 1] != '\n'));
        return;
    }
    demand(token == WORD || token == BAD_WORD);
    if (token == BAD_WORD) {
        demand(id == UNKNOWN_ID);
        return;
    }
    uint32_t expected = words_find(&vocab->words, word, length);
    demand(id == (expected == NO_WORD ? UNKNOWN_ID : expected));
}

/* The stream must match the text. */
static void check_stream(const struct sums *sums)
{
    struct error err;
    struct corpus_reader corpus;
    size_t count, at = in.mark;
    int got;
    uint64_t sum = 0;
    fuzz_input(fuzz_output()->data, fuzz_output()->size, 0);
    demand_success(corpus_reader_open(&corpus, FUZZ_FD, "output", &err) == 0, &err);
    for (uint32_t i = 0; i < corpus.header.vocab.words.count; i++)
        sum += corpus.header.vocab.count[i];
    demand(sum == sums->words);
    while ((got = corpus_read(&corpus, &count, &err)) > 0)
        for (size_t i = 0; i < count; i++)
            check_token(&corpus.header.vocab, &at, corpus.token[i]);
    demand_success(got == 0, &err);
    demand(corpus.totals.sentences == sums->lines && corpus.totals.tokens == sums->words);
    corpus_reader_close(&corpus);
}

static struct bytes copy_of_output(void)
{
    struct error err;
    struct bytes copy = {0};
    demand_success(bytes_put(&copy, fuzz_output()->data, fuzz_output()->size, &err) == 0, &err);
    return copy;
}

static void demand_same(const struct bytes *stream)
{
    const struct bytes *other = fuzz_output();
    demand(stream->size == other->size && memcmp(stream->data, other->data, other->size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    take_input(data, size);
    struct sums sums = sums_of_text();
    struct header header = {0}, again = {0};
    if (count_and_encode(&sums, 1, &header)) {
        check_stream(&sums);
        struct bytes stream = copy_of_output();
        if (in.hash / 1024 % 1024 == 0 && count_and_encode(&sums, THREADS, &again))
            demand_same(&stream);
        encode_again(&sums, again.vocab.words.count ? THREADS : 1, &header);
        check_stream(&sums);
        free(stream.data);
    }
    header_release(&header);
    header_release(&again);
    fuzz_end();
    return 0;
}

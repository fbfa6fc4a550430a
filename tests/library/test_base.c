/* SPDX-License-Identifier: MIT */
/* The basics: bytes, memory, words, vocabularies, tokens, escaping, row indices, teams, limits,
 * spellings, neighbours, frames. */
#include <limits.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/escape.h"
#include "base/limits.h"
#include "base/memory.h"
#include "base/system.h"
#include "base/team.h"
#include "oracle.h"
#include "search/knn_cpu.h"
#include "search/spelling.h"
#include "stream/reader.h"
#include "stream/vocab.h"
#include "stream/words.h"
#include "stream/writer.h"
#include "tap.h"
#include "text/tokenizer.h"
#include "train/row_index.h"

/* Make the sanitizers' allocators return NULL too when a request is too large. */
const char *__asan_default_options(void);
const char *__tsan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}
const char *__tsan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static void *new_items(size_t n, size_t size)
{
    struct error err;
    void *items = memory_new(n, size, &err);
    require(items, &err);
    return items;
}

/* ---- bytes ---- */

static void test_bytes(void)
{
    static const uint8_t wanted[] = {0x34, 0x12, 0x78, 0x56, 0x34, 0x12, 0xef, 0xcd,
                                     0xab, 0x89, 0x67, 0x45, 0x23, 0x01, 0x00, 0x00,
                                     0xc0, 0xbf, 0xfe, 0xff, 0x01, 0x00, 'h',  'i'};
    static const uint32_t narrow[] = {0xfffe, 0x10001};
    struct bytes b = {0};
    struct error err;
    float value = -1.5f;
    require(bytes_put_u16(&b, 0x1234, &err) == 0 && bytes_put_u32(&b, 0x12345678, &err) == 0 &&
                bytes_put_u64(&b, 0x0123456789abcdef, &err) == 0 &&
                bytes_put_f32_array(&b, &value, 1, &err) == 0 &&
                bytes_put_narrow_array(&b, narrow, 2, 2, &err) == 0 &&
                bytes_put(&b, "hi", 2, &err) == 0 && bytes_put(&b, NULL, 0, &err) == 0,
            &err);
    tap_check(b.size == sizeof wanted && memcmp(b.data, wanted, b.size) == 0,
              "bytes: little-endian, no padding");
    struct cursor c = cursor_over(b.data, b.size);
    float float_read;
    uint32_t narrow_read[2];
    bool good = cursor_u16(&c) == 0x1234 && cursor_u32(&c) == 0x12345678 &&
                cursor_u64(&c) == 0x0123456789abcdef && cursor_f32_array(&c, &float_read, 1) &&
                float_read == value && cursor_narrow_array(&c, narrow_read, 2, 2) &&
                narrow_read[0] == 0xfffe && narrow_read[1] == 1 && cursor_left(&c) == 2 &&
                !cursor_exhausted(&c) && memcmp(cursor_bytes(&c, 2), "hi", 2) == 0;
    tap_check(good && cursor_exhausted(&c), "bytes: everything written is read back");
    free(b.data);
}

static void test_wide_arrays(void)
{
    enum { N = 10000 };
    struct bytes b = {0};
    struct error err;
    static uint32_t value[N], back[N];
    uint64_t state = 1;
    for (int i = 0; i < N; i++)
        value[i] = (uint32_t)draw(&state);
    for (int i = 0; i < N; i += 100)
        require(bytes_put_u32_array(&b, value + i, 100, &err) == 0, &err);
    struct cursor c = cursor_over(b.data, b.size);
    bool good = cursor_narrow_array(&c, back, N, 4) && cursor_exhausted(&c);
    tap_check(good && memcmp(value, back, sizeof value) == 0, "bytes: arrays of u32");
    free(b.data);
}

static void test_overrun(void)
{
    uint8_t data[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    uint32_t value[4] = {9, 9, 9, 9};
    float number = 9;
    struct cursor c = cursor_over(data, 7), fresh = c;
    bool good = cursor_u64(&c) == 0 && c.overrun && cursor_u16(&c) == 0 && cursor_u32(&c) == 0 &&
                !cursor_bytes(&c, 0) && !cursor_narrow_array(&c, value, 1, 2) &&
                !cursor_f32_array(&c, &number, 1) && !cursor_exhausted(&c);
    tap_check(good && value[0] == 9 && number == 9, "cursor: after an overrun every read fails");
    c = cursor_over(data, 0);
    tap_check(cursor_exhausted(&c) && cursor_u16(&c) == 0 && !cursor_exhausted(&c),
              "cursor: reading from an empty buffer fails");
    /* Counts whose size in bytes would wrap around to a small number. */
    static const size_t huge[] = {SIZE_MAX,         SIZE_MAX / 2 + 1, SIZE_MAX / 2 + 3,
                                  SIZE_MAX / 4 + 1, SIZE_MAX / 4 + 2, 4};
    good = true;
    for (size_t i = 0; i < sizeof huge / sizeof *huge; i++) {
        c = fresh;
        good = good && !cursor_bytes(&c, huge[i] > 8 ? huge[i] : 8) && c.overrun;
        c = fresh;
        good = good && !cursor_narrow_array(&c, value, huge[i], 2) && c.overrun;
        c = fresh;
        good = good && !cursor_narrow_array(&c, value, huge[i], 4) && c.overrun;
        c = fresh;
        good = good && !cursor_f32_array(&c, &number, huge[i]) && c.overrun;
    }
    tap_check(good && value[0] == 9 && number == 9, "cursor: huge counts do not wrap around");
}

/* ---- memory ---- */

static void test_memory(void)
{
    struct error err = {0};
    int *array = NULL;
    size_t capacity = 0, moves = 0;
    bool good = true;
    for (size_t n = 1; n <= 1000000; n++) {
        size_t before = capacity;
        require(memory_reserve(&array, &capacity, n, sizeof *array, &err) == 0, &err);
        moves += capacity != before;
        good = good && capacity >= n;
        array[n - 1] = (int)n;
    }
    for (size_t n = 1; n <= 1000000; n++)
        good = good && array[n - 1] == (int)n;
    tap_check(good && moves <= 30, "memory: an array of a million appended items moved %zu times",
              moves);
    int *kept = array;
    size_t kept_capacity = capacity;
    good = memory_reserve(&array, &capacity, SIZE_MAX / 2, 4, &err) == -1 &&
           err.status == STATUS_FAILED;
    good = good && memory_reserve(&array, &capacity, SIZE_MAX / 4 + 2, 4, &err) == -1;
    err.status = STATUS_OK;
    good = good && memory_reserve(&array, &capacity, SIZE_MAX / 64, 4, &err) == -1 &&
           err.status == STATUS_FAILED && strncmp(err.text, "out of memory", 13) == 0;
    tap_check(good && array == kept && capacity == kept_capacity && array[999999] == 1000000,
              "memory: a request that is too large fails and keeps the array: %s", err.text);
    free(array);
}

static void test_new_memory(void)
{
    static const size_t count[] = {SIZE_MAX, SIZE_MAX / 4 + 2, SIZE_MAX / 8};
    bool refused = true, good = true;
    for (int i = 0; i < 3; i++) {
        struct error err = {0}, aligned = {0};
        refused = refused && !memory_new(count[i], 4, &err) && err.status == STATUS_FAILED;
        refused = refused && !memory_new_aligned(count[i], 4, &aligned) &&
                  aligned.status == STATUS_FAILED;
    }
    tap_check(refused, "memory: sizes that wrap around or are too large are errors");
    for (size_t n = 0; n < 100; n++) {
        struct error err;
        unsigned char *zero = memory_new(n, 3, &err), *aligned = memory_new_aligned(n, 3, &err);
        good = good && zero && aligned && (uintptr_t)aligned % 64 == 0;
        for (size_t i = 0; good && i < 3 * n; i++) {
            good = zero[i] == 0;
            aligned[i] = 1;
        }
        free(zero);
        free(aligned);
    }
    tap_check(good, "memory: zeroed, or aligned to 64 bytes, also for 0 items");
}

/* ---- words ---- */

/* Word number i. All are different; some are prefixes of others, some contain zero bytes. */
static size_t make_word(char *word, uint32_t i)
{
    memset(word, 'a', 12);
    memcpy(word, &i, 3);
    return 3 + i % 9;
}

static bool is_word(const struct words *words, uint32_t id, const char *word, size_t length)
{
    return id < words->count && words_length(words, id) == length &&
           memcmp(words_text(words, id), word, length) == 0;
}

static void test_words(void)
{
    enum { N = 100000 };
    struct words words = {0};
    struct error err;
    char word[16];
    struct word_index *index = word_index_new(&words, &err);
    require(index, &err);
    bool good = word_index_find(index, "a", 1) == NO_WORD && words.count == 0;
    tap_check(good, "words: nothing is found in an empty table");
    for (int again = 0; again < 2; again++)
        for (uint32_t i = 0; i < N; i++) {
            size_t length = make_word(word, i);
            good = good && word_index_find(index, word, length) == (again ? i : NO_WORD);
            good = good && word_index_intern(index, word, length, &err) == i;
        }
    tap_check(good && words.count == N, "words: 100,000 in order of first appearance, each once");
    struct word_index *second = word_index_new(&words, &err);
    require(second, &err);
    for (uint32_t i = 0; i < N; i++) {
        size_t length = make_word(word, i);
        good = good && is_word(&words, i, word, length) &&
               word_index_find(second, word, length) == i &&
               word_index_find(second, word, length - 1) == NO_WORD &&
               word_index_find(second, word, length + 1) == NO_WORD;
    }
    tap_check(good, "words: an index of a full table finds every word and no part of one");
    word_index_free(index);
    word_index_free(second);
    words_release(&words);
}

static void test_long_word(void)
{
    struct words words = {0};
    struct error err;
    char *longest = new_items(WORD_MAX, 1);
    struct word_index *index = word_index_new(&words, &err);
    require(index, &err);
    memset(longest, 'x', WORD_MAX);
    uint32_t id = word_index_intern(index, longest, WORD_MAX, &err);
    uint32_t shorter = word_index_intern(index, longest, WORD_MAX - 1, &err);
    tap_check(id == 0 && shorter == 1 && is_word(&words, 0, longest, WORD_MAX) &&
                  is_word(&words, 1, longest, WORD_MAX - 1) &&
                  word_index_find(index, longest, WORD_MAX) == 0,
              "words: the longest word and a prefix of it");
    word_index_free(index);
    words_release(&words);
    free(longest);
}

/* Words that have as much in common as possible: every prefix of a few long words, some with
 * another last byte; many at a time, each of them twice. */
static void test_many_words(void)
{
    enum { LONGEST = 80, BYTES = 3, N = LONGEST * BYTES };
    static struct tokens tokens;
    static char text[N][LONGEST + WORD_SLACK];
    uint32_t id[TOKENS_MAX];
    struct words words = {0};
    struct error err;
    struct word_index *index = word_index_new(&words, &err);
    require(index, &err);
    for (uint32_t i = 0; i < N; i++) {
        memset(text[i], 'x', sizeof text[i]); /* also after the word */
        text[i][i / BYTES] = "xy\xff"[i % BYTES];
        tokens.text[i] = tokens.text[N + i] = text[i];
        tokens.length[i] = tokens.length[N + i] = i / BYTES + 1;
    }
    tokens.count = 2 * N;
    tokens.length[3] = TOKEN_LINE_END;
    tokens.length[4] = TOKEN_BAD_WORD;
    tokens.length[5] = WORD_MAX + 1;
    word_index_find_all(index, &tokens, id);
    bool good = true;
    for (uint32_t i = 0; i < 2 * N; i++)
        good = good && id[i] == NO_WORD;
    require(word_index_intern_all(index, &tokens, id, &err) == 0, &err);
    good = good && id[3] == NO_WORD && id[4] == NO_WORD && id[5] == NO_WORD && words.count == N;
    for (uint32_t i = 0; i < N; i++) {
        good = good && (i >= 3 && i <= 5 ? id[N + i] >= N - 3 : id[N + i] == id[i]);
        good = good && is_word(&words, id[N + i], text[i], i / BYTES + 1) &&
               word_index_find(index, text[i], i / BYTES + 1) == id[N + i];
    }
    uint32_t again[TOKENS_MAX];
    word_index_find_all(index, &tokens, again);
    good = good && memcmp(id, again, 2 * N * sizeof *id) == 0;
    tap_check(good, "words: %d words, prefixes of each other, many at a time", N);
    word_index_free(index);
    words_release(&words);
}

/* ---- vocabularies ---- */

static void append_words(struct words *words, const char *const *text, uint32_t n)
{
    struct error err;
    for (uint32_t i = 0; i < n; i++)
        require(words_append(words, text[i], strlen(text[i]), &err) == 0, &err);
}

/* The words of `vocab` with their counts, as "<unk>:3 a:2". */
static const char *vocab_line(const struct vocab *vocab)
{
    static char line[1000];
    size_t at = 0;
    for (uint32_t id = 0; id < vocab->words.count; id++)
        at += (size_t)snprintf(line + at, sizeof line - at, "%s%.*s:%llu", id ? " " : "",
                               (int)words_length(&vocab->words, id), words_text(&vocab->words, id),
                               (unsigned long long)vocab->count[id]);
    return line;
}

/* Selects from the words and counts below, with 4 more unknown tokens. */
static void check_select(uint64_t min_count, uint32_t max_words, const char *wanted,
                         const uint32_t *wanted_id)
{
    static const char *const text[] = {"rare", "b", "<unk>", "c", "a", "top", "<unk", "d"};
    static const uint64_t count[] = {1, 5, 50, 5, 7, 1ull << 40, 5, 2};
    struct words words = {0};
    struct vocab vocab = {0};
    struct error err;
    uint32_t new_id[8];
    append_words(&words, text, 8);
    memset(new_id, 0xff, sizeof new_id);
    require(vocab_select(&vocab, &words, count, 4, min_count, max_words, new_id, &err) == 0, &err);
    tap_check(strcmp(vocab_line(&vocab), wanted) == 0 &&
                  memcmp(new_id, wanted_id, sizeof new_id) == 0,
              "vocabulary, min count %llu, max words %u: %s", (unsigned long long)min_count,
              max_words, vocab_line(&vocab));
    vocab_release(&vocab);
    words_release(&words);
}

static void test_vocab(void)
{
    check_select(1, 1000, "<unk>:54 top:1099511627776 a:7 b:5 c:5 <unk:5 d:2 rare:1",
                 (uint32_t[]){7, 3, 0, 4, 2, 1, 5, 6});
    check_select(5, 1000, "<unk>:57 top:1099511627776 a:7 b:5 c:5 <unk:5",
                 (uint32_t[]){0, 3, 0, 4, 2, 1, 5, 0});
    check_select(6, 1000, "<unk>:72 top:1099511627776 a:7", (uint32_t[]){0, 0, 0, 0, 2, 1, 0, 0});
    check_select(1, 4, "<unk>:67 top:1099511627776 a:7 b:5", (uint32_t[]){0, 3, 0, 0, 2, 1, 0, 0});
    check_select(5, 6, "<unk>:57 top:1099511627776 a:7 b:5 c:5 <unk:5",
                 (uint32_t[]){0, 3, 0, 4, 2, 1, 5, 0});
    check_select(1, 1, "<unk>:1099511627855", (uint32_t[]){0, 0, 0, 0, 0, 0, 0, 0});
    struct words none = {0};
    struct vocab vocab = {0};
    struct error err;
    uint32_t unused;
    require(vocab_select(&vocab, &none, NULL, 3, 1, 10, &unused, &err) == 0, &err);
    tap_check(strcmp(vocab_line(&vocab), "<unk>:3") == 0 && vocab_known_tokens(&vocab) == 0,
              "vocabulary: no words");
    require(vocab_append(&vocab, "a", 1, 1ull << 40, &err) == 0 &&
                vocab_append(&vocab, "b", 1, 5, &err) == 0,
            &err);
    tap_check(vocab_known_tokens(&vocab) == (1ull << 40) + 5,
              "vocabulary: known tokens are all but <unk>");
    vocab_release(&vocab);
}

/* ---- tokens ---- */

/* A text; same_tokens() compares its tokens with a plain scan of it. */
struct sample {
    char *text;
    size_t size;
};

static bool space(char c)
{
    return c && strchr(" \t\n\v\f\r", c);
}

/* Yields the tokens of a text one by one. */
struct one_by_one {
    struct text_reader text;
    struct text_block block;
    struct tokenizer tokenizer;
    struct tokens tokens;
    uint32_t next;
};

/* The index of the next token in `tokens`, or NO_WORD at the end. */
static uint32_t next_token(struct one_by_one *in)
{
    struct error err;
    while (in->next == in->tokens.count) {
        in->next = 0;
        if (in->block.data && tokenizer_next(&in->tokenizer, &in->tokens))
            continue;
        int got = text_reader_read(&in->text, &in->block, &err);
        require(got >= 0, &err);
        if (got == 0)
            return NO_WORD;
        in->tokenizer = tokenizer_over(&in->block);
        in->tokens.count = 0;
    }
    return in->next++;
}

/* Whether the error about a bad word names the byte offset at which the word begins. */
static bool reports_bad_word_at(const struct one_by_one *in, size_t offset)
{
    struct error err = {0};
    struct tokens one = {1, {in->tokens.length[in->next - 1]}, {in->tokens.text[in->next - 1]}};
    char expected[80];
    snprintf(expected, sizeof expected, "sample: byte %zu: word longer than", offset);
    return tokenizer_refuse_bad_words(&in->tokenizer, &one, &in->text.files, &err) < 0 &&
           err.status == STATUS_INPUT && strncmp(err.text, expected, strlen(expected)) == 0;
}

/* Reads tokens from fd and compares each with the next one of the sample. */
static bool same_tokens(int fd, const struct sample *s, size_t block_size)
{
    static struct one_by_one in;
    struct error err;
    size_t at = 0, line = 0;
    uint32_t i;
    bool same = true;
    in = (struct one_by_one){0};
    require(text_reader_init(&in.text, fd, "sample", block_size, &err) == 0, &err);
    while (same && (i = next_token(&in)) != NO_WORD) {
        uint32_t length = in.tokens.length[i];
        while (at < s->size && space(s->text[at]) && s->text[at] != '\n')
            at++;
        size_t end = at;
        while (end < s->size && !space(s->text[end]))
            end++;
        if (end == at) {
            same = length == TOKEN_LINE_END && (at < s->size || line < at);
            line = at += at < s->size;
            continue;
        }
        bool bad = end - at > WORD_MAX || memchr(s->text + at, 0, end - at);
        same = token_is_word(&in.tokens, i) == !bad &&
               (bad ? length > WORD_MAX && reports_bad_word_at(&in, at)
                    : length == end - at && memcmp(in.tokens.text[i], s->text + at, length) == 0);
        at = end;
    }
    same = same && at == s->size && line == at && in.text.files.bytes == s->size;
    text_block_release(&in.block);
    text_reader_release(&in.text);
    return same;
}

/* Words of all lengths, separated by all kinds of white space: mostly short, some near the limit of
 * a word's length, some far longer than the tokenizer's buffer, some with zero bytes. */
static struct sample make_sample(size_t size, size_t longest, uint64_t state)
{
    struct sample s = {new_items(size, 1), size};
    for (size_t at = 0; at < size;) {
        uint32_t kind = draw_below(&state, 60);
        size_t length = kind < 50   ? draw_below(&state, 12)
                        : kind < 57 ? draw_below(&state, 300)
                        : kind < 59 ? WORD_MAX - 2 + draw_below(&state, 4)
                                    : draw_below(&state, 2500000);
        if (length > longest)
            length = longest;
        for (; length > 0 && at < size; length--)
            s.text[at++] = (char)(33 + draw_below(&state, 223));
        if (kind == 0 && at > 0)
            s.text[at - 1] = 0;
        for (uint32_t n = 1 + draw_below(&state, 3); n > 0 && at < size; n--)
            s.text[at++] = "   \n\t\n\v\f\r "[draw_below(&state, 10)];
    }
    return s;
}

/* Writes the sample into a pipe in pieces of 1 to `most` bytes. */
struct writer {
    const struct sample *sample;
    int fd;
    uint32_t most;
};

static void *write_pieces(void *data)
{
    struct writer *w = data;
    uint64_t state = w->most;
    for (size_t at = 0; at < w->sample->size;) {
        size_t left = w->sample->size - at, n = 1 + draw_below(&state, w->most);
        ssize_t done = write(w->fd, w->sample->text + at, n < left ? n : left);
        if (done < 0) /* the reader has closed its end */
            break;
        at += (size_t)done;
    }
    close(w->fd);
    return NULL;
}

static void check_pipe(const struct sample *s, uint32_t most)
{
    int end[2];
    pthread_t thread;
    struct error err = {STATUS_FAILED, "cannot make a pipe or a thread"};
    require(pipe(end) == 0, &err);
    struct writer w = {s, end[1], most};
    require(pthread_create(&thread, NULL, write_pieces, &w) == 0, &err);
    bool same = same_tokens(end[0], s, TEXT_BLOCK);
    close(end[0]);
    pthread_join(thread, NULL);
    tap_check(same, "tokens: %zu bytes from a pipe, in pieces of 1 to %u", s->size, most);
}

static bool same_tokens_of_file(const struct sample *s, size_t block_size)
{
    struct error err = {STATUS_FAILED, "cannot make a file"};
    int fd = memfd_create("sample", 0);
    require(fd >= 0 && write(fd, s->text, s->size) == (ssize_t)s->size &&
                lseek(fd, 0, SEEK_SET) == 0,
            &err);
    bool same = same_tokens(fd, s, block_size);
    close(fd);
    return same;
}

/* Texts with every kind of ending. */
static void test_short_texts(void)
{
    static const char *const texts[] = {
        "",      "\n",   "a",     "a\n",   " ",      "  \n",       "a ",     "\n\n",
        "a\n\n", "a\nb", " a b ", "a\r\n", "\ta\vb", "a\xc2\xa0z", "\f\n\f", "word\n word \n"};
    bool good = true;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct sample s = {(char *)texts[i], strlen(texts[i])};
        for (size_t block_size = 1; block_size <= 5; block_size++)
            good = same_tokens_of_file(&s, block_size) && good;
        good = same_tokens_of_file(&s, TEXT_BLOCK) && good;
    }
    tap_check(good, "tokens: short texts, with and without a final newline");
}

static void test_tokens(void)
{
    static const uint32_t pieces[] = {4093, 70001, 300007};
    struct sample s = make_sample(60000, 3000, 1);
    check_pipe(&s, 1);
    check_pipe(&s, 7);
    for (size_t block_size = 1; block_size <= 1000; block_size = 3 * block_size + 1)
        tap_check(same_tokens_of_file(&s, block_size), "tokens: %zu bytes in blocks of %zu", s.size,
                  block_size);
    free(s.text);
    s = make_sample(9 << 20, SIZE_MAX, 2);
    for (int i = 0; i < 3; i++)
        check_pipe(&s, pieces[i]);
    for (size_t block_size = 40; block_size <= TEXT_BLOCK; block_size *= 1 << 6)
        tap_check(same_tokens_of_file(&s, block_size), "tokens: %zu bytes in blocks of %zu", s.size,
                  block_size);
    tap_check(same_tokens_of_file(&s, TEXT_BLOCK), "tokens: %zu bytes from a file", s.size);
    free(s.text);
    /* One token of each length around the limit, ending at each offset around the end of a read. */
    bool good = true;
    enum { READ = TEXT_BLOCK, AROUND = 3 };
    for (size_t length = WORD_MAX - 1; length <= WORD_MAX + 2; length++)
        for (size_t end = READ - AROUND; end <= 2 * READ + AROUND; end++) {
            if (end == READ + AROUND + 1)
                end = 2 * READ - AROUND;
            s = (struct sample){new_items(end + 100, 1), end + 100};
            memset(s.text, ' ', s.size);
            memset(s.text + end - length, 'w', length);
            memset(s.text + end + 1, 'v', 50);
            good = same_tokens_of_file(&s, TEXT_BLOCK) && good;
            free(s.text);
        }
    tap_check(good, "tokens: the longest words around the end of the buffer");
}

static void test_read_error(void)
{
    struct text_reader t;
    struct text_block block = {0};
    struct error err = {0};
    require(text_reader_init(&t, -1, "nowhere", TEXT_BLOCK, &err) == 0, &err);
    tap_check(text_reader_read(&t, &block, &err) == -1 && err.status == STATUS_FAILED &&
                  strncmp(err.text, "nowhere: ", 9) == 0,
              "tokens: a failing read is an error: %s", err.text);
    text_block_release(&block);
    text_reader_release(&t);
}

/* ---- escaping ---- */

/* The `size` bytes of text as printed; the caller frees the result. */
static char *printed(const char *text, size_t size, bool terminal)
{
    struct error err = {STATUS_FAILED, "no stream in memory"};
    char *out = NULL;
    size_t out_size;
    FILE *file = open_memstream(&out, &out_size);
    require(file, &err);
    escape_print_if(file, text, size, terminal);
    fclose(file);
    return out;
}

static void test_escapes(void)
{
    static const struct {
        const char *text, *wanted;
    } cases[] = {
        {"plain ~text", "plain ~text"},
        {"\x01\t\n\x1b[31m\x1f", "\\x01\\x09\\x0a\\x1b[31m\\x1f"},
        {"a\x7f", "a\\x7f"},
        {"\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa0", "\\xc2\\x80\\xc2\\x9b\\xc2\\x9f\xc2\xa0"},
        {"\x80\xbf\x9b", "\\x80\\xbf\\x9b"},
        {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
        {"\xc0\xaf\xc1\xbf", "\\xc0\\xaf\\xc1\\xbf"},
        {"\xe0\x80\x9b\xe0\x9f\xbf\xe0\xa0\x80", "\\xe0\\x80\\x9b\\xe0\\x9f\\xbf\xe0\xa0\x80"},
        {"\xf0\x80\x80\x9b\xf0\x8f\xbf\xbf\xf0\x90\x80\x80",
         "\\xf0\\x80\\x80\\x9b\\xf0\\x8f\\xbf\\xbf\xf0\x90\x80\x80"},
        {"\xed\x9f\xbf\xed\xa0\x80\xed\xbf\xbf\xee\x80\x80",
         "\xed\x9f\xbf\\xed\\xa0\\x80\\xed\\xbf\\xbf\xee\x80\x80"},
        {"\xf4\x8f\xbf\xbf\xf4\x90\x80\x80\xf5\x80\x80\x80\xff\xfe",
         "\xf4\x8f\xbf\xbf\\xf4\\x90\\x80\\x80\\xf5\\x80\\x80\\x80\\xff\\xfe"},
        {"\xf8\x88\x80\x80\x80", "\\xf8\\x88\\x80\\x80\\x80"},
        {"\xe2\x82", "\\xe2\\x82"},
        {"\xf0\x9f\x98", "\\xf0\\x9f\\x98"},
        {"\xc3", "\\xc3"},
        {"\xc3\xc3\xa9\xe2\xe2\x82\xac", "\\xc3\xc3\xa9\\xe2\xe2\x82\xac"},
        {"\xe2\x28\xac\xc3(", "\\xe2(\\xac\\xc3("},
        {"\xe2\x82\x1b\xf0\x9f\x1b", "\\xe2\\x82\\x1b\\xf0\\x9f\\x1b"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        /* The bytes after the text would complete a truncated character. */
        size_t size = strlen(cases[i].text);
        char *text = new_items(size + 4, 1);
        memset(text, 0x80, size + 4);
        memcpy(text, cases[i].text, size);
        char *out = printed(text, size, true), *bare = printed(text, size, false);
        tap_check(strcmp(out, cases[i].wanted) == 0 && strcmp(bare, cases[i].text) == 0,
                  "escaping: case %zu, for a terminal and not", i + 1);
        free(text);
        free(out);
        free(bare);
    }
    char *out = printed("a\0b", 3, true);
    tap_check(strcmp(out, "a\\x00b") == 0, "escaping: a zero byte");
    free(out);
}

/* ---- rows of a minibatch ---- */

/* Whether the index is as defined: rows in ascending order, and for each the owners of its
 * entries in the order of the ids. */
static bool right_rows(const struct row_index *index, const uint32_t *id, uint32_t n,
                       const uint32_t *owner, uint32_t ids)
{
    uint32_t rows = 0, at = 0;
    for (uint32_t row = 0; row < ids; row++) {
        uint32_t first = at;
        for (uint32_t i = 0; i < n; i++)
            if (id[i] == row && (at >= n || index->position[i] != at ||
                                 index->owner[at++] != (owner ? owner[i] : i)))
                return false;
        if (at == first)
            continue;
        if (rows >= index->rows || index->row[rows] != row || index->first[rows++] != first)
            return false;
    }
    return rows == index->rows && at == n && index->first[rows] == n;
}

static bool all_zero(const void *data, size_t size)
{
    const unsigned char *byte = data;
    while (size > 0 && byte[size - 1] == 0)
        size--;
    return size == 0;
}

static void test_rows(void)
{
    enum { N = 1500, IDS = 9000 };
    static const uint32_t sizes[] = {5, 0, 1, N, 2, 100, N, 0, 64, 63}, below[] = {1, 7, 400, IDS};
    static uint32_t id[N], owner[N], row[N];
    struct row_index index = {0};
    struct row_marks marks;
    struct error err;
    uint64_t state = 1;
    bool good = true, found = true, clean = true;
    require(row_marks_init(&marks, IDS, &err) == 0, &err);
    for (uint32_t i = 0; i < N; i++)
        owner[i] = i / 7;
    for (int b = 0; b < 4; b++)
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            for (uint32_t i = 0; i < sizes[s]; i++)
                id[i] = IDS - 1 - draw_below(&state, below[b]);
            const uint32_t *whose = (b + s) % 2 == 0 ? owner : NULL;
            require(row_index_build(&index, id, sizes[s], whose, &marks, &err) == 0, &err);
            good = good && right_rows(&index, id, sizes[s], whose, IDS);
            row_index_find(&index, id, sizes[s], &marks, row);
            for (uint32_t i = 0; i < sizes[s]; i++)
                found = found && row[i] < index.rows && index.row[row[i]] == id[i];
            clean = clean && all_zero(marks.count, IDS * sizeof *marks.count) &&
                    all_zero(marks.occurs, marks.size * sizeof *marks.occurs);
        }
    tap_check(good, "rows: in ascending order, their entries in order");
    tap_check(found, "rows: each is found by its id");
    tap_check(clean, "rows: the scratch memory is zero again");
    row_index_release(&index);
    row_marks_release(&marks);
}

/* ---- work for a team ---- */

struct sharing {
    struct team team;
    struct team_work work;
    atomic_uint done[1000];
    atomic_bool wrong_member;
};

static void do_share(void *data)
{
    struct sharing *s = data;
    uint32_t start, end;
    if (team_member() >= s->work.members)
        atomic_store(&s->wrong_member, true);
    while (team_work_take(&s->work, &start, &end))
        for (uint32_t i = start; i < end; i++)
            atomic_fetch_add(&s->done[i], 1);
}

static void test_team_work(void)
{
    static struct sharing s;
    struct error err;
    static const uint32_t items[] = {1000, 1, 0, 2, 999, 50};
    bool once = true;
    for (unsigned members = 1; members <= 4; members += 3) {
        require(team_init(&s.team, members, &err) == 0 &&
                    team_work_init(&s.work, members, 7, &err) == 0,
                &err);
        for (size_t round = 0; round < sizeof items / sizeof *items; round++) {
            memset(s.done, 0, sizeof s.done);
            team_work_start(&s.work, items[round]);
            team_run(&s.team, do_share, &s);
            for (uint32_t i = 0; i < 1000; i++)
                once = once && atomic_load(&s.done[i]) == (i < items[round]);
        }
        team_release(&s.team);
        team_work_release(&s.work);
    }
    tap_check(once, "team: every item is taken once");
    tap_check(!atomic_load(&s.wrong_member),
              "team: thread numbers are below the number of threads");
}

/* ---- spellings ---- */

/* Compares the words suggested for an unknown one, joined by spaces, with `wanted`. */
static void check_spelling(const char *const *text, uint32_t n, const char *word,
                           const char *wanted)
{
    struct vocab vocab = {0};
    struct error err;
    uint32_t suggestion[SPELLING_SUGGESTIONS];
    char line[200] = "";
    require(vocab_append(&vocab, "<unk>", 5, 1000, &err) == 0, &err);
    for (uint32_t i = 0; i < n; i++)
        require(vocab_append(&vocab, text[i], strlen(text[i]), 100 - i, &err) == 0, &err);
    int found = spelling_closest(&vocab, word, strlen(word), suggestion, &err);
    require(found >= 0, &err);
    for (int i = 0; i < found; i++) {
        strcat(line, i ? " " : "");
        strncat(line, words_text(&vocab.words, suggestion[i]),
                words_length(&vocab.words, suggestion[i]));
    }
    tap_check(strcmp(line, wanted) == 0, "spelling: closest to '%s': '%s'", word, line);
    vocab_release(&vocab);
}

static void test_spelling(void)
{
    static const char *const text[] = {
        "the",     "chip",           "ship",     "chips",          "cheap",  "chop",     "hcip",
        "chi",     "computer",       "commuter", "microprocessor", "unk",    "ca",       "abc",
        "compute", "aabbccddeeffgg", "zzzz",     "yzzx",           "qwerty", "qwertyui", "commute"};
    enum { N = sizeof text / sizeof *text };
    check_spelling(text, N, "chpi", "chip chi ship");
    check_spelling(text, N, "chipp", "chip chips ship");
    check_spelling(text, N, "chip", "chip ship chips");
    check_spelling(text, N, "hcip", "hcip chip ship");
    check_spelling(text, N, "compuetr", "computer commuter compute");
    check_spelling(text, N, "cmputer", "computer commuter compute");
    check_spelling(text, N, "micorprocesssor", "microprocessor");
    check_spelling(text, N, "<unk>", "unk");
    check_spelling(text, N, "ac", "ca abc");
    check_spelling(text, N, "abc", "abc");
    check_spelling(text, N, "aabbccddeeffUVWXYZ", "aabbccddeeffgg");
    check_spelling(text, N, "aabbccddeeffTUVWXYZ", "");
    check_spelling(text, N, "qwertyuiop", "qwertyui");
    check_spelling(text, N, "zzxx", "zzzz yzzx");
    check_spelling(text, N, "nothing of the kind", "");
    check_spelling(text, 1, "x", "");
    check_spelling(text, 0, "chip", "");
}

/* ---- neighbours ---- */

static double cosine_of(const float *a, const float *b, uint32_t dim)
{
    double product = 0, squares_a = 0, squares_b = 0;
    for (uint32_t d = 0; d < dim; d++) {
        product += (double)a[d] * b[d];
        squares_a += (double)a[d] * a[d];
        squares_b += (double)b[d] * b[d];
    }
    double cosine = product / sqrt(squares_b * squares_a + 1e-9);
    return cosine > 1 ? 1 : cosine < -1 ? -1 : cosine;
}

static void search(const float *rows, uint32_t words, uint32_t dim, uint32_t query, uint32_t k,
                   struct neighbour *found)
{
    struct error err;
    struct knn_config config = {rows, words, dim, 1, k, 1};
    struct knn_query asked = knn_query_word(&config, &query);
    struct knn *knn = knn_cpu_create(&config, &err);
    require(knn && knn->methods->search(knn, &asked, 1, k, found, &err) == 0, &err);
    knn->methods->destroy(knn);
}

/* Whether `found` holds the k nearest neighbours: each with its cosine, in order, and no other word
 * is nearer than the last of them. */
static bool right_neighbours(const float *rows, uint32_t words, uint32_t dim, uint32_t query,
                             const struct neighbour *found, uint32_t k)
{
    bool *taken = new_items(words, sizeof *taken), good = true;
    taken[query] = true;
    for (uint32_t i = 0; i < k; i++) {
        uint32_t id = found[i].id;
        good = good && id < words && !taken[id] &&
               fabs(found[i].cosine -
                    cosine_of(rows + (size_t)query * dim, rows + (size_t)id * dim, dim)) < 1e-12;
        good = good && (i == 0 || found[i - 1].cosine > found[i].cosine ||
                        (found[i - 1].cosine == found[i].cosine && found[i - 1].id < id));
        if (id < words)
            taken[id] = true;
    }
    for (uint32_t id = 0; good && id < words; id++)
        good = taken[id] || cosine_of(rows + (size_t)query * dim, rows + (size_t)id * dim, dim) <=
                                found[k - 1].cosine + 1e-12;
    free(taken);
    return good;
}

static void test_neighbours(void)
{
    enum { WORDS = 400, DIM = 23 };
    static float rows[WORDS * DIM];
    struct neighbour found[WORDS];
    uint64_t state = 1;
    for (int i = 0; i < WORDS * DIM; i++)
        rows[i] = (float)draw_between(&state, -0.3, 0.3);
    bool good = true;
    for (uint32_t query = 0; query < WORDS; query += 57) {
        uint32_t k = 1 + draw_below(&state, 60);
        search(rows, WORDS, DIM, query, k, found);
        good = good && right_neighbours(rows, WORDS, DIM, query, found, k);
    }
    tap_check(good, "neighbours: the k nearest words, nearest first");
    search(rows, WORDS, DIM, 7, WORDS - 1, found);
    tap_check(right_neighbours(rows, WORDS, DIM, 7, found, WORDS - 1),
              "neighbours: k = all words but the query itself");
}

/* Words 0 to 7 in two dimensions. */
static void test_special_neighbours(void)
{
    static const float rows[] = {3, 4, -3, -4, 0, 0, 6, 8, 4, -3, 0.3f, 0.4f, 6, 8, -8, 6};
    struct neighbour found[7];
    search(rows, 8, 2, 0, 7, found);
    static const uint32_t order[] = {3, 6, 5, 2, 4, 7, 1};
    bool good = true;
    for (int i = 0; i < 7; i++)
        good = good && found[i].id == order[i];
    tap_check(good, "neighbours: ties in order of id, zero vectors among the orthogonal ones");
    tap_check(found[0].cosine <= 1 && found[0].cosine > 1 - 1e-9 && found[6].cosine >= -1 &&
                  found[6].cosine < -1 + 1e-9 && found[3].cosine == 0,
              "neighbours: cosine 1 for parallel, -1 for opposite, 0 for zero vectors");
    search(rows, 8, 2, 2, 7, found);
    good = true;
    for (uint32_t i = 0; i < 7; i++)
        good = good && found[i].cosine == 0 && found[i].id == i + (i >= 2);
    tap_check(good, "neighbours: of a zero vector, all at 0 in order of id");
}

/* Exactly parallel and opposite vectors with components from small to large: without a limit, some
 * cosines would be rounded to slightly more than 1. */
static void test_parallel_neighbours(void)
{
    enum { DIM = 50, TIMES = 200 };
    float rows[2 * DIM];
    struct neighbour found;
    uint64_t state = 3;
    bool within = true, over = false;
    for (int i = 0; i < TIMES; i++) {
        double product = 0, squares = 0, other = 0, sign = i % 2 ? -1 : 1;
        for (int d = 0; d < DIM; d++) {
            rows[d] = ldexpf((float)(draw(&state) >> 44), -(int)draw_below(&state, 20));
            rows[DIM + d] = rows[d] * (float)sign * 3;
            product += (double)rows[d] * rows[DIM + d];
            squares += (double)rows[d] * rows[d];
            other += (double)rows[DIM + d] * rows[DIM + d];
        }
        search(rows, 2, DIM, 0, 1, &found);
        within = within && fabs(found.cosine) <= 1 && found.cosine * sign > 1 - 1e-12;
        over = over || fabs(product / sqrt(other * squares + 1e-9)) > 1;
    }
    tap_check(over && within, "neighbours: no cosine outside -1 to 1 despite rounding");
}

/* ---- frames that threads pack ---- */

/* Adds a record of `size` bytes after reserving more than twice as many. */
static void add_record(struct stream_frame *frame, uint8_t byte, size_t size)
{
    struct error err;
    uint8_t *content = stream_frame_reserve(frame, 2 * size + 8, &err);
    require(content, &err);
    memset(content, byte, 2 * size + 8);
    require(stream_frame_add(frame, RECORD_EXAMPLES, size, &err) == 0, &err);
}

/* Whether the next record has this type and consists of `size` times this byte. */
static bool next_is(struct stream_reader *reader, enum record_type type, uint8_t byte, size_t size)
{
    struct error err;
    struct record record;
    require(stream_read(reader, &record, &err) == 1, &err);
    bool same = record.type == type && record.size == size;
    for (size_t i = 0; same && i < size; i++)
        same = record.data[i] == byte;
    return same;
}

/* One stream with records written directly and a frame packed separately, which is cleared and
 * filled again first and written twice. */
static void test_frames(void)
{
    static const uint8_t nines[] = {9, 9, 9};
    static const uint64_t totals[STREAM_TOTALS] = {1, 2, 3};
    struct error err;
    struct stream_frame frame;
    struct record record;
    int fd = memfd_create("frames", 0);
    require(stream_frame_init(&frame, STREAM_BATCHES, &err) == 0, &err);
    struct stream_writer *writer = stream_writer_open(fd, "frames", STREAM_BATCHES, &err);
    require(writer && stream_write(writer, RECORD_SHAPE, nines, 3, &err) == 0, &err);
    add_record(&frame, 7, 100000);
    stream_frame_clear(&frame);
    add_record(&frame, 1, 5);
    add_record(&frame, 2, 0);
    add_record(&frame, 3, 5000000);
    require(stream_frame_pack(&frame, &err) == 0, &err);
    for (int i = 0; i < 2; i++)
        require(stream_write_frame(writer, &frame, &err) == 0, &err);
    require(stream_write(writer, RECORD_SHAPE, nines, 3, &err) == 0, &err);
    require(stream_writer_finish(writer, totals, &err) == 0, &err);
    stream_writer_close(writer);

    lseek(fd, 0, SEEK_SET);
    struct stream_reader *reader = stream_reader_open(fd, "frames", STREAM_BATCHES, &err);
    require(reader, &err);
    bool good = next_is(reader, RECORD_SHAPE, 9, 3);
    for (int i = 0; i < 2; i++)
        good = next_is(reader, RECORD_EXAMPLES, 1, 5) && next_is(reader, RECORD_EXAMPLES, 2, 0) &&
               next_is(reader, RECORD_EXAMPLES, 3, 5000000) && good;
    good = next_is(reader, RECORD_SHAPE, 9, 3) && good;
    int end = stream_read(reader, &record, &err);
    tap_check(good && end == 0, "frames: records of separately packed frames between others");
    stream_reader_close(reader);
    close(fd);

    require(stream_frame_reserve(&frame, STREAM_MAX_RECORD + 1, &err), &err);
    tap_check(stream_frame_add(&frame, RECORD_EXAMPLES, STREAM_MAX_RECORD + 1, &err) < 0 &&
                  err.status == STATUS_FAILED,
              "frames: a record above the size limit is refused");
    stream_frame_release(&frame);
}

/* ---- limits ---- */

/* Writes a file below the directory `root`, and its directories. */
static void put_file(const char *root, const char *path, const char *content)
{
    char name[PATH_MAX];
    snprintf(name, sizeof name, "%s%s", root, path);
    for (char *at = name + strlen(root) + 1; (at = strchr(at, '/')); at++) {
        *at = 0;
        mkdir(name, 0755);
        *at = '/';
    }
    FILE *file = fopen(name, "w");
    if (!file || fputs(content, file) < 0 || fclose(file) != 0)
        abort();
}

struct file_content {
    const char *path, *content;
};

/* Checks the limits of a system that has these files, the last without a path. */
static void check_limits(const char *what, const struct file_content *file, double processors,
                         uint64_t memory)
{
    char root[] = "/tmp/test_base.XXXXXX", command[sizeof root + 16];
    if (!mkdtemp(root))
        abort();
    for (; file->path; file++)
        put_file(root, file->path, file->content);
    struct limits limits = limits_of_groups(root);
    tap_check(limits.processors == processors && limits.memory == memory,
              "limits: %s: %g processors, %llu bytes", what, limits.processors,
              (unsigned long long)limits.memory);
    snprintf(command, sizeof command, "rm -r %s", root);
    tap_check(system(command) == 0, "limits: %s: removed", what);
}

static const char mounted_v2[] =
    "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
    "31 22 0:27 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";
static const char mounted_v1[] =
    "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
    "32 31 0:29 /docker/abc /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
    "33 31 0:30 /docker/abc /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
    "34 31 0:31 /docker/abc /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";

static void test_limits(void)
{
    check_limits("no files", (struct file_content[]){{0}}, INFINITY, UINT64_MAX);
    check_limits("version 2, the group above has the least",
                 (struct file_content[]){{"/proc/self/cgroup", "0::/user.slice/job\n"},
                                         {"/proc/self/mountinfo", mounted_v2},
                                         {"/sys/fs/cgroup/user.slice/job/cpu.max", "max 100000\n"},
                                         {"/sys/fs/cgroup/user.slice/cpu.max", "250000 100000\n"},
                                         {"/sys/fs/cgroup/user.slice/job/memory.max", "1048576\n"},
                                         {"/sys/fs/cgroup/user.slice/memory.max", "max\n"},
                                         {0}},
                 2.5, 1048576);
    check_limits("version 2, a container that sees its group as the top",
                 (struct file_content[]){{"/proc/self/cgroup", "0::/\n"},
                                         {"/proc/self/mountinfo", mounted_v2},
                                         {"/sys/fs/cgroup/cpu.max", "50000 100000\n"},
                                         {0}},
                 0.5, UINT64_MAX);
    check_limits("version 2, a group outside of the container",
                 (struct file_content[]){{"/proc/self/cgroup", "0::/../../job\n"},
                                         {"/proc/self/mountinfo", mounted_v2},
                                         {"/sys/fs/cgroup/cpu.max", "100000 100000\n"},
                                         {0}},
                 1, UINT64_MAX);
    check_limits("version 1, a group that is the top of what is mounted",
                 (struct file_content[]){
                     {"/proc/self/cgroup",
                      "3:cpuset:/docker/abc\n2:cpu,cpuacct:/docker/abc\n1:memory:/docker/abc/in\n"},
                     {"/proc/self/mountinfo", mounted_v1},
                     {"/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "300000\n"},
                     {"/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n"},
                     {"/sys/fs/cgroup/memory/memory.limit_in_bytes", "536870912\n"},
                     {"/sys/fs/cgroup/memory/in/memory.limit_in_bytes", "9223372036854771712\n"},
                     {0}},
                 3, 536870912);
    check_limits(
        "version 1, no quota",
        (struct file_content[]){{"/proc/self/cgroup", "2:cpu,cpuacct:/docker/abc\n"},
                                {"/proc/self/mountinfo", mounted_v1},
                                {"/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n"},
                                {"/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n"},
                                {0}},
        INFINITY, UINT64_MAX);
    check_limits("nonsense",
                 (struct file_content[]){{"/proc/self/cgroup", "::\nx\n0::/a\n"},
                                         {"/proc/self/mountinfo", mounted_v2},
                                         {"/sys/fs/cgroup/a/cpu.max", "\n"},
                                         {"/sys/fs/cgroup/a/memory.max", "lots"},
                                         {0}},
                 INFINITY, UINT64_MAX);
    tap_check(limits_processors() >= 1 && limits_processors() <= system_processors(),
              "limits: of %u processors %u are used by default", system_processors(),
              limits_processors());
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0); /* keeps lines whole: sanitizers write to standard error */
    test_bytes();
    test_wide_arrays();
    test_overrun();
    test_memory();
    test_new_memory();
    test_words();
    test_long_word();
    test_many_words();
    test_vocab();
    test_short_texts();
    test_tokens();
    test_read_error();
    test_frames();
    test_escapes();
    test_rows();
    test_team_work();
    test_limits();
    test_spelling();
    test_neighbours();
    test_special_neighbours();
    test_parallel_neighbours();
    return tap_end();
}

/* SPDX-License-Identifier: MIT */
/* Counting and encoding texts, in blocks of all sizes and on several threads, compared with a plain
 * count byte by byte; and the ordered queue that the threads work on. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/ordered_queue.h"
#include "tap.h"
#include "text/encode.h"
#include "text/text_counter.h"

static void require(bool good, const struct error *err)
{
    if (good)
        return;
    printf("Bail out! %s\n", err->text);
    exit(1);
}

/* ---- the ordered queue ---- */

enum { PIECES = 500, NONE = PIECES + 1 };

/* Pieces 0, 1, …, PIECES − 1; each step fails from a given piece on. */
struct numbers {
    unsigned fails_at_start, fails_at_work, fails_at_finish; /* from this piece on */
    unsigned started, finished;
    atomic_uint working, worked;
    unsigned number[3 * 8]; /* that of the piece in each slot */
    unsigned result[3 * 8];
    bool in_order;
};

static int fail(const char *what, unsigned number, struct error *err)
{
    return error_set(err, STATUS_INPUT, "%s %u", what, number);
}

static int start_number(void *data, unsigned slot, struct error *err)
{
    struct numbers *n = data;
    if (n->started >= n->fails_at_start)
        return fail("start", n->started, err);
    if (n->started == PIECES)
        return 0;
    n->number[slot] = n->started++;
    return 1;
}

static int work_on_number(void *data, unsigned slot, unsigned member, struct error *err)
{
    struct numbers *n = data;
    unsigned number = n->number[slot];
    atomic_fetch_add(&n->working, 1);
    for (volatile unsigned i = 0; i < number * 7919 % 5000; i++) /* some take longer than others */
        ;
    n->result[slot] = 3 * number + (member >= 8);
    atomic_fetch_add(&n->worked, 1);
    atomic_fetch_sub(&n->working, 1);
    return number >= n->fails_at_work ? fail("work", number, err) : 0;
}

static int finish_number(void *data, unsigned slot, struct error *err)
{
    struct numbers *n = data;
    unsigned number = n->number[slot];
    n->in_order = n->in_order && number == n->finished && n->result[slot] == 3 * number;
    n->finished++;
    return number >= n->fails_at_finish ? fail("finish", number, err) : 0;
}

static bool queue_runs(struct numbers n, unsigned threads, unsigned finished, const char *said)
{
    struct error err = {0};
    const struct ordered_queue line = {start_number, work_on_number, finish_number, &n};
    n.in_order = true;
    int result = ordered_queue_run(&line, threads, &err);
    return result == (said ? -1 : 0) && n.in_order && n.finished == finished &&
           atomic_load(&n.working) == 0 && (said || atomic_load(&n.worked) == PIECES) &&
           (!said || strcmp(err.text, said) == 0);
}

static struct numbers failing(unsigned at_start, unsigned at_work, unsigned at_finish)
{
    return (struct numbers){
        .fails_at_start = at_start, .fails_at_work = at_work, .fails_at_finish = at_finish};
}

static void test_ordered_queue(void)
{
    for (unsigned threads = 1; threads <= 8; threads += threads == 3 ? 5 : 1) {
        bool all = true, start = true, work = true, finish = true, first = true;
        for (int i = 0; i < 20; i++) {
            all = all && queue_runs(failing(NONE, NONE, NONE), threads, PIECES, NULL);
            start = start && queue_runs(failing(77, NONE, NONE), threads, 77, "start 77");
            work = work && queue_runs(failing(NONE, 77, NONE), threads, 77, "work 77");
            finish = finish && queue_runs(failing(NONE, NONE, 77), threads, 78, "finish 77");
            first = first && queue_runs(failing(79, 78, 77), threads, 78, "finish 77") &&
                    queue_runs(failing(78, 77, 79), threads, 77, "work 77");
        }
        tap_check(all, "ordered queue, %u threads: all pieces are finished in order", threads);
        tap_check(start && work && finish, "ordered queue, %u threads: each step may fail",
                  threads);
        tap_check(first, "ordered queue, %u threads: the error of the first failing piece wins",
                  threads);
    }
}

/* ---- texts ---- */

enum { TEXT = 20000, WORDS = 3000 };

/* What a text must give: its words in order of first appearance, and its tokens as indices of
 * them. */
struct expected {
    struct words words;
    uint64_t count[WORDS];
    uint32_t token[TEXT + 1];
    size_t tokens;
    struct corpus_totals totals;
    uint64_t bad_words;
};

static bool is_space(char c)
{
    return c && strchr(" \t\n\v\f\r", c);
}

static void expect_word(struct expected *e, const char *word, size_t length)
{
    struct error err;
    bool bad = memchr(word, 0, length);
    uint32_t id = bad ? UNKNOWN_ID : words_find(&e->words, word, length);
    if (id == NO_WORD) {
        id = e->words.count;
        require(words_append(&e->words, word, length, &err) == 0, &err);
    }
    e->count[id]++;
    e->bad_words += bad;
    e->totals.tokens++;
    e->token[e->tokens++] = id;
}

static void expect(struct expected *e, const char *text, size_t size)
{
    struct error err;
    *e = (struct expected){0};
    require(words_append(&e->words, UNKNOWN_WORD, strlen(UNKNOWN_WORD), &err) == 0, &err);
    size_t start = 0;
    for (size_t at = 0; at <= size; at++) {
        if (at < size && !is_space(text[at]))
            continue;
        if (at > start)
            expect_word(e, text + start, at - start);
        if (at < size ? text[at] == '\n' : size > 0 && text[size - 1] != '\n') {
            e->token[e->tokens++] = SENTENCE_END;
            e->totals.sentences++;
        }
        start = at + 1;
    }
}

/* Random bytes, with so much white space that words are short and some occur again. */
static void make_text(char *text, size_t size, uint32_t seed)
{
    static const char some[] = "aaaaaabbbc \t \n\n\r\v\f   <unk> ";
    for (size_t i = 0; i < size; i++) {
        seed = seed * 1664525 + 1013904223;
        uint32_t draw = seed >> 16;
        text[i] = draw % 97 == 0 ? (char)(draw >> 8) : some[draw % (sizeof some - 1)];
    }
}

static int file_of(const char *text, size_t size)
{
    struct error err = {STATUS_FAILED, "cannot make a file"};
    int fd = memfd_create("text", 0);
    require(fd >= 0 && write(fd, text, size) == (ssize_t)size && lseek(fd, 0, SEEK_SET) == 0, &err);
    return fd;
}

struct how {
    size_t block_size;
    unsigned threads;
    uint64_t memory;
};

static bool same_counts(const struct text_counter *c, const struct expected *e)
{
    const struct vocab *v = &c->whole.counted;
    bool same = v->words.count == e->words.count && c->whole.bad_words == e->bad_words &&
                c->whole.totals.tokens == e->totals.tokens &&
                c->whole.totals.sentences == e->totals.sentences;
    for (uint32_t id = 0; same && id < v->words.count; id++)
        same = v->count[id] == e->count[id] &&
               words_length(&v->words, id) == words_length(&e->words, id) &&
               memcmp(words_text(&v->words, id), words_text(&e->words, id),
                      words_length(&v->words, id)) == 0;
    return same;
}

/* Reads the corpus at the beginning of fd. */
static bool same_corpus(int fd, const struct expected *e)
{
    struct corpus_reader in;
    struct error err;
    size_t count, at = 0;
    int got;
    bool same = true;
    require(lseek(fd, 0, SEEK_SET) == 0 && corpus_reader_open(&in, fd, "corpus", &err) == 0, &err);
    while (same && (got = corpus_read(&in, &count, &err)) > 0) {
        same = at + count <= e->tokens &&
               memcmp(in.token, e->token + at, count * sizeof *in.token) == 0;
        at += count;
    }
    same = same && got == 0 && at == e->tokens;
    corpus_reader_close(&in);
    return same;
}

/* Encodes with the words in order of first appearance: from the counted text, or with an index. */
static bool encodes(const char *text, size_t size, const struct how *how, struct text_counter *c,
                    const struct expected *e, bool with_index)
{
    struct error err;
    struct corpus_writer corpus;
    struct header header = {.vocab = c->whole.counted};
    int fd = file_of("", 0);
    uint64_t bad_words = c->whole.bad_words;
    require(corpus_writer_open(&corpus, fd, "corpus", &header, &err) == 0, &err);
    if (with_index) {
        const struct text_options options = {.threads = how->threads};
        struct text_reader reader;
        struct word_index *index = word_index_new(&header.vocab.words, &err);
        int in = file_of(text, size);
        require(index && text_reader_init(&reader, in, "text", how->block_size, &err) == 0, &err);
        require(encode_text(&reader, &options, index, &corpus, &bad_words, &err) == 0, &err);
        text_reader_release(&reader);
        word_index_free(index);
        close(in);
    } else {
        uint32_t new_id[WORDS];
        for (uint32_t id = 0; id < WORDS; id++)
            new_id[id] = id;
        require(encode_counted(c, new_id, &corpus, NULL, &err) == 0, &err);
    }
    require(corpus_writer_finish(&corpus, &err) == 0, &err);
    corpus_writer_close(&corpus);
    bool same = same_corpus(fd, e) && bad_words == e->bad_words;
    close(fd);
    return same;
}

static bool same_text(const char *text, size_t size, const struct how *how,
                      const struct expected *e)
{
    const struct text_options options = {.threads = how->threads};
    struct text_counter counter;
    struct text_reader reader;
    struct error err;
    int fd = file_of(text, size);
    require(text_reader_init(&reader, fd, "text", how->block_size, &err) == 0, &err);
    require(text_counter_run(&counter, &reader, &options, &how->memory, &err) == 0, &err);
    bool same = same_counts(&counter, e) && encodes(text, size, how, &counter, e, false) &&
                encodes(text, size, how, &counter, e, true);
    text_counter_release(&counter);
    text_reader_release(&reader);
    close(fd);
    return same;
}

static void test_texts(void)
{
    static char text[TEXT];
    static struct expected e;
    static const size_t sizes[] = {1, 2, 5, 64, 700, TEXT};
    static const unsigned threads[] = {1, 2, 3, 7};
    static const uint64_t memory[] = {0, 5000, UINT64_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t size = i == 0 ? TEXT / 10 : TEXT; /* each block is a frame: blocks of 1 make many */
        make_text(text, size, 1 + (uint32_t)i);
        if (i % 2)
            text[size - 1] = 'z';
        expect(&e, text, size);
        for (size_t j = 0; j < 4; j++) {
            bool same = true;
            for (size_t k = 0; k < 3; k++)
                same = same_text(text, size, &(struct how){sizes[i], threads[j], memory[k]}, &e) &&
                       same;
            tap_check(same, "encode: %zu bytes in blocks of %zu on %u threads", size, sizes[i],
                      threads[j]);
        }
        words_release(&e.words);
    }
}

/* Numbers on both sides of the limit above which they need four bytes, packed and unpacked. */
static void test_stretches(void)
{
    enum { N = 3000 };
    uint32_t number[N];
    struct packer packer = {0};
    struct token_chunk s;
    struct error err;
    bool good = true;
    for (uint32_t most = UINT16_MAX - 1; most <= UINT16_MAX + 2; most++) {
        for (uint32_t i = 0; i < N; i++)
            number[i] = i % 7 ? i : most - i % 5;
        require(token_chunk_make(&s, number, N, &err) == 0 &&
                    token_chunk_pack(&s, &packer, &err) == 0 && s.packed > 0 &&
                    token_chunk_unpack(&s, &packer, &err) == 0,
                &err);
        good = good && s.packed == 0 && s.count == N && s.width == (most > UINT16_MAX ? 4 : 2);
        for (uint32_t i = 0; good && i < N; i++)
            good = number[i] == (s.width == 2 ? ((uint16_t *)s.data)[i] : ((uint32_t *)s.data)[i]);
        token_chunk_release(&s);
    }
    packer_release(&packer);
    tap_check(good, "chunks of both widths are unpacked as they were packed");
}

int main(void)
{
    test_ordered_queue();
    test_stretches();
    test_texts();
    return tap_end();
}

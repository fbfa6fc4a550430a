/* SPDX-License-Identifier: MIT */
/* Finding and joining phrases like ptb-phrase, compared with a plain implementation, on one thread
 * and on several, in memory and in temporary files. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "fuzz.h"
#include "text/phrases.h"

/* An input is a control byte, followed by tokens: a byte modulo WORDS is the id of a word, or in
 * the place of the last one the end of a sentence. */
enum { WORDS = 10, END = WORDS - 1, TOKENS_LIMIT = 4096, THREADS = 3 };

struct run {
    struct phrases phrases;
    struct team team;
};

static void make_vocab(struct vocab *vocab)
{
    struct error err;
    demand_success(vocab_append(vocab, UNKNOWN_WORD, strlen(UNKNOWN_WORD), 0, &err) == 0, &err);
    for (char word = 'a'; vocab->words.count < END; word++)
        demand_success(vocab_append(vocab, &word, 1, 0, &err) == 0, &err);
}

static void start(struct run *r, const uint32_t *token, size_t n, unsigned threads, uint64_t memory)
{
    struct error err;
    struct vocab vocab = {0};
    struct phrase_options options = {
        .threshold = 0.5, .min_count = 1, .delimiter = "_", .memory = memory};
    make_vocab(&vocab);
    demand_success(team_init(&r->team, threads, &err) == 0, &err);
    demand_success(phrases_init(&r->phrases, &vocab, &options, &r->team, &err) == 0, &err);
    demand_success(phrases_add_connector(&r->phrases, "h", 1, &err) == 0, &err);
    demand_success(phrases_add(&r->phrases, token, n, &err) == 0, &err);
    demand_success(phrases_finish(&r->phrases, &err) == 0, &err);
    demand_success(phrases_find(&r->phrases, &err) == 0, &err);
}

static void end(struct run *r)
{
    phrases_release(&r->phrases);
    team_release(&r->team);
}

/* How often `first` and `last` are the ends of a candidate, with connector words between them or
 * not. */
static uint64_t count(const uint32_t *token, size_t n, uint32_t first, uint32_t last,
                      bool connected)
{
    const uint32_t connector = 8; /* "h" */
    uint64_t found = 0;
    for (size_t i = 0; i < n; i++) {
        size_t j = i + 1;
        while (j < n && token[j] == connector)
            j++;
        found += token[i] == first && j < n && token[j] == last && (j > i + 1) == connected;
    }
    return found;
}

/* Phrases without connector words have the counts that a count of all tokens gives, and all of them
 * are found. */
static void check_pairs(const struct phrases *p, const uint32_t *token, size_t n)
{
    const uint32_t connector = 8;
    double words = 0;
    uint64_t single[WORDS] = {0};
    for (size_t i = 0; i < n; i++)
        if (token[i] != SENTENCE_END) {
            single[token[i]]++;
            words += token[i] != UNKNOWN_ID;
        }
    size_t expected = 0, plain = 0;
    for (uint32_t a = 1; a < END; a++)
        for (uint32_t b = 1; b < END; b++) {
            double pair = (double)count(token, n, a, b, false);
            bool ends = a != connector && b != connector;
            expected += ends && pair > 0 &&
                        (pair - 1) / ((double)single[a] * (double)single[b]) * words > 0.5;
        }
    for (size_t i = 0; i < p->found; i++) {
        uint32_t first = pair_first(p->phrase[i].pair), last = pair_second(p->phrase[i].pair);
        demand(i == 0 || p->phrase[i].score <= p->phrase[i - 1].score);
        if (first >= WORDS)
            continue;
        plain++;
        demand(p->phrase[i].count == count(token, n, first, last, false));
    }
    demand(plain == expected);
}

/* Writes the words of all tokens, and an end of each sentence. */
static void spell(struct phrases *p, struct bytes *text)
{
    struct error err;
    const uint32_t *token;
    uint64_t at = 0;
    size_t n;
    do {
        demand_success(phrases_read(p, &at, &token, &n, &err) == 0, &err);
        for (size_t i = 0; i < n; i++) {
            const struct words *w = &p->vocab.words;
            bool is_end = token[i] == SENTENCE_END;
            demand(is_end || token[i] < w->count);
            demand_success(bytes_put(text, is_end ? "\n" : words_text(w, token[i]),
                                     is_end ? 1 : words_length(w, token[i]), &err) == 0 &&
                               bytes_put(text, "_", !is_end, &err) == 0,
                           &err);
        }
    } while (n > 0);
}

static void join_twice(struct phrases *p)
{
    struct error err;
    demand_success(phrases_join(p, true, NULL, &err) == 0, &err);
    demand_success(phrases_find(p, &err) == 0, &err);
    demand_success(phrases_join(p, false, NULL, &err) == 0, &err);
}

static void demand_same_text(struct phrases *a, struct phrases *b)
{
    struct bytes text = {0}, other = {0};
    spell(a, &text);
    spell(b, &other);
    demand(text.size == other.size &&
           (text.size == 0 || memcmp(text.data, other.data, text.size) == 0));
    free(text.data);
    free(other.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint32_t token[TOKENS_LIMIT + 1];
    struct run whole, parts, unjoined;
    size_t n = 0;
    bool several = size > 0 && data[0] >= 0xf8; /* threads are slow to start */
    for (size_t i = 1; i < size && n < TOKENS_LIMIT; i++)
        token[n++] = data[i] % WORDS == END ? SENTENCE_END : data[i] % WORDS;
    if (n > 0 && token[n - 1] != SENTENCE_END)
        token[n++] = SENTENCE_END;
    start(&whole, token, n, 1, 1 << 20);
    check_pairs(&whole.phrases, token, n);
    start(&parts, token, n, several ? THREADS : 1, 64);
    start(&unjoined, token, n, 1, 1 << 20);
    join_twice(&whole.phrases);
    join_twice(&parts.phrases);
    demand_same_text(&whole.phrases, &parts.phrases);
    demand_same_text(&whole.phrases,
                     &unjoined.phrases); /* joining changes no more than delimiters */
    end(&whole);
    end(&parts);
    end(&unjoined);
    fuzz_end();
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* Everything random: random numbers compared with published answers, distributions tested by
 * chi-square with fixed seeds (so that a test passes always or never). */
#include <string.h>

#include "base/alias_table.h"
#include "base/bytes.h"
#include "base/memory.h"
#include "base/random.h"
#include "batch/examples.h"
#include "batch/external_shuffle.h"
#include "batch/shuffle.h"
#include "minibatch.h"
#include "oracle.h"
#include "stream/batches.h"
#include "stream/corpus.h"
#include "stream/vocab.h"
#include "tap.h"
#include "text/subsample.h"

/* ---- chi-square ---- */

/* The values that a correct generator exceeds with probability 0.001, by degrees of freedom. */
static const double critical[] = {0,      10.828, 13.816, 16.266, 18.467, 20.515, 22.458, 24.322,
                                  26.124, 27.877, 29.588, 31.264, 32.909, 34.528, 36.123, 37.697,
                                  39.252, 40.790, 42.312, 43.820, 45.315, 46.797, 48.268, 49.728,
                                  51.179, 52.620, 54.052, 55.476, 56.892, 58.301, 59.703};

/* Chi-square of counts for the distribution given by weights. Infinite if a cell of weight 0 has
 * been seen, or if a cell is expected too rarely for the test to be meaningful. */
static double chi_square(const uint64_t *seen, const double *weight, size_t cells, size_t *freedom)
{
    double draws = 0, sum = 0, chi = 0;
    for (size_t i = 0; i < cells; i++) {
        draws += (double)seen[i];
        sum += weight[i];
    }
    *freedom = 0;
    for (size_t i = 0; i < cells; i++) {
        double expected = draws * weight[i] / sum;
        if (weight[i] == 0 ? seen[i] > 0 : expected < 5)
            return INFINITY;
        if (weight[i] == 0)
            continue;
        chi += ((double)seen[i] - expected) * ((double)seen[i] - expected) / expected;
        *freedom += 1;
    }
    *freedom -= 1;
    return chi;
}

static void check_chi_square(double chi, size_t freedom, const char *name)
{
    bool listed = freedom > 0 && freedom < sizeof critical / sizeof *critical;
    double limit = listed ? critical[freedom] : 0;
    tap_check(chi < limit, "%s: chi-square %.2f, critical %.2f of %zu degrees", name, chi, limit,
              freedom);
}

static void check_distribution(const uint64_t *seen, const double *weight, size_t cells,
                               const char *name)
{
    size_t freedom;
    double chi = chi_square(seen, weight, cells, &freedom);
    check_chi_square(chi, freedom, name);
}

/* ---- random numbers ---- */

/* Philox4x64-10 as in the paper, one word of a wide product at a time. */
static void philox_by_hand(uint64_t out[4], const uint64_t counter[4], const uint64_t key[2])
{
    uint64_t c[4], k0 = key[0], k1 = key[1];
    memcpy(c, counter, sizeof c);
    for (int round = 0; round < 10; round++) {
        uint64_t low0, low1, high0 = multiply_wide(0xd2e7470ee14c6c93, c[0], &low0),
                             high1 = multiply_wide(0xca5a826395121157, c[2], &low1);
        uint64_t next[4] = {high1 ^ c[1] ^ k0, low1, high0 ^ c[3] ^ k1, low0};
        memcpy(c, next, sizeof c);
        k0 += 0x9e3779b97f4a7c15;
        k1 += 0xbb67ae8584caa73b;
    }
    memcpy(out, c, sizeof c);
}

/* Counter, key and answer, from the known answers published with Random123. */
static void test_known_answers(void)
{
    static const uint64_t answer[3][10] = {
        {0, 0, 0, 0, 0, 0, 0x16554d9eca36314c, 0xdb20fe9d672d0fdc, 0xd7e772cee186176b,
         0x7e68b68aec7ba23b},
        {~0ull, ~0ull, ~0ull, ~0ull, ~0ull, ~0ull, 0x87b092c3013fe90b, 0x438c3c67be8d0224,
         0x9cc7d7c69cd777b6, 0xa09caebf594f0ba0},
        {0x243f6a8885a308d3, 0x13198a2e03707344, 0xa4093822299f31d0, 0x082efa98ec4e6c89,
         0x452821e638d01377, 0xbe5466cf34e90c6c, 0xa528f45403e61d95, 0x38c72dbd566e9788,
         0xa5a1610e72fd18b5, 0x57bd43b5e52b7fe6}};
    uint64_t out[4];
    for (int i = 0; i < 3; i++) {
        philox_by_hand(out, answer[i], answer[i] + 4);
        tap_check(memcmp(out, answer[i] + 6, sizeof out) == 0, "Philox4x64-10, known answer %d", i);
    }
    random_block(out, 0, (enum random_purpose)0, 0, 0, 0);
    tap_check(memcmp(out, answer[0] + 6, sizeof out) == 0, "a random block for counter and key 0");
    bool same = true;
    uint64_t state = 1, wanted[4];
    for (int i = 0; i < 100; i++) {
        uint64_t seed = draw(&state), counter[4] = {draw(&state), draw(&state), draw(&state), 0};
        uint64_t key[2] = {seed, 1 + (uint64_t)i % 6};
        random_block(out, seed, (enum random_purpose)key[1], counter[0], counter[1], counter[2]);
        philox_by_hand(wanted, counter, key);
        same = same && memcmp(out, wanted, sizeof out) == 0;
    }
    tap_check(same, "random blocks: counter (block, position, epoch, 0), key (seed, purpose)");
}

static void test_blocks(void)
{
    enum { MOST = 9 };
    struct random_at at[MOST] = {{0}};
    struct random_words made[MOST + 1], wanted;
    bool same = true;
    uint64_t state = 2;
    for (size_t n = 0; n <= MOST; n++) {
        for (size_t i = 0; i < n; i++)
            at[i] = (struct random_at){draw(&state), draw(&state)};
        made[n].word[0] = 77;
        random_blocks(made, 3, RANDOM_NOISE, at, n, 5);
        for (size_t i = 0; i < n; i++) {
            random_block(wanted.word, 3, RANDOM_NOISE, at[i].block, at[i].position, 5);
            same = same && memcmp(&wanted, &made[i], sizeof wanted) == 0;
        }
        same = same && made[n].word[0] == 77;
    }
    tap_check(same, "many blocks at a time are the same as one by one");
    tap_check(random_below(~0ull, 10) == 9 && random_below(0, 10) == 0 &&
                  random_below(1ull << 63, 10) == 5 && random_below(~0ull, ~0ull) == ~0ull - 1 &&
                  random_below(~0ull, 1) == 0,
              "random_below: 0 to n - 1");
    tap_check(random_unit(0) == 0 && random_unit(~0ull) == 1 - 0x1p-53 &&
                  random_unit(1ull << 63) == 0.5,
              "random_unit: from 0, below 1");
}

/* ---- alias tables ---- */

/* The largest difference between the probability that the buckets give an entry and that of its
 * weight; infinite if an entry of weight 0 can be drawn. */
static double alias_deviation(const struct alias_table *table, const double *weight)
{
    struct error err;
    double *made = memory_new(table->size, sizeof *made, &err), sum = 0, worst = 0;
    require(made, &err);
    for (uint32_t i = 0; i < table->size; i++) {
        double own = table->bucket[i].threshold * 0x1p-32;
        made[i] += own / table->size;
        made[table->bucket[i].alias] += (1 - own) / table->size;
        sum += weight[i];
    }
    for (uint32_t i = 0; i < table->size; i++)
        worst = largest(worst, weight[i] > 0 ? fabs(made[i] - weight[i] / sum)
                               : made[i] > 0 ? INFINITY
                                             : 0);
    free(made);
    return worst;
}

/* The first random word of bucket i: i · 2^64 / size, rounded up; 0 after the last bucket. */
static uint64_t bucket_start(uint64_t i, uint64_t size)
{
    uint64_t whole = UINT64_MAX / size, rest = UINT64_MAX % size + 1;
    return i * whole + (i * rest + size - 1) / size;
}

/* Whether each bucket starts with its own number, unless that has no share, and ends with its
 * alias. */
static bool alias_edges(const struct alias_table *table)
{
    for (uint32_t i = 0; i < table->size; i++) {
        struct alias_bucket bucket = table->bucket[i];
        uint64_t first = bucket_start(i, table->size);
        uint64_t last = bucket_start((uint64_t)i + 1, table->size) - 1;
        if (alias_draw(table, first) != (bucket.threshold > 0 ? i : bucket.alias) ||
            alias_draw(table, last) != bucket.alias)
            return false;
    }
    return true;
}

static void check_alias(const double *weight, uint32_t size, const char *name)
{
    struct alias_table table;
    struct error err;
    require(alias_init(&table, weight, size, &err) == 0, &err);
    double worst = alias_deviation(&table, weight);
    tap_check(worst < 0x1p-32 + 1e-12, "alias table, %s: probabilities off by %.1e", name, worst);
    tap_check(alias_edges(&table), "alias table, %s: first and last word of each bucket", name);
    if (size > 1 && size < sizeof critical / sizeof *critical) {
        uint64_t seen[sizeof critical / sizeof *critical] = {0};
        uint64_t halves[sizeof critical / sizeof *critical] = {0};
        for (uint64_t i = 0; i < 400000; i++) {
            uint64_t random[RANDOM_BLOCK];
            random_block(random, 17, RANDOM_NOISE, i, size, 0);
            seen[alias_draw(&table, random[0])]++;
            halves[alias_draw_half(&table, (uint32_t)random[1])]++;
        }
        check_distribution(seen, weight, size, name);
        check_distribution(halves, weight, size, name);
    }
    alias_release(&table);
}

static void test_alias(void)
{
    static const double uniform[] = {3, 3, 3, 3, 3, 3, 3}, one[] = {0.25},
                        zeros[] = {0, 1, 0, 0, 2.5, 0.125, 7, 0, 3, 0}, last[] = {0, 0, 0, 0, 5, 1},
                        dominating[] = {1, 2, 3, 10000, 1, 0, 2};
    check_alias(uniform, 7, "uniform");
    check_alias(one, 1, "one entry");
    check_alias(zeros, 10, "some weights 0");
    check_alias(last, 6, "all weight at the end");
    check_alias(dominating, 7, "one dominating weight");
    struct error err;
    enum { MANY = 100003 };
    double *many = memory_new(MANY, sizeof *many, &err);
    require(many, &err);
    for (uint32_t i = 1; i < MANY; i++)
        many[i] = i % 10 ? pow(1e6 / i, 0.75) : 0;
    check_alias(many, MANY, "100,003 Zipf weights");
    for (uint32_t i = 0; i < MANY; i++)
        many[i] = i == 70000 ? 1e17 : i % 3 ? 0.1 : 0;
    check_alias(many, MANY, "100,003 weights, one with nearly all");
    for (uint32_t i = 0; i < MANY; i++)
        many[i] = 0.1; /* not a power of two, so that shares are rounded */
    check_alias(many, MANY, "100,003 equal weights");
    free(many);
}

/* ---- sources of examples ---- */

/* A vocabulary of <unk> and the words 1 … n with these counts. */
static void make_vocab(struct vocab *vocab, const uint64_t *count, uint32_t n)
{
    struct error err;
    char word[16];
    *vocab = (struct vocab){0};
    require(vocab_append(vocab, UNKNOWN_WORD, strlen(UNKNOWN_WORD), 123456, &err) == 0, &err);
    for (uint32_t i = 0; i < n; i++) {
        int length = snprintf(word, sizeof word, "w%u", i + 1);
        require(vocab_append(vocab, word, (size_t)length, count[i], &err) == 0, &err);
    }
}

/* The input for examples. */
struct source {
    struct examples examples;
    struct sentences text;
};

static void init_source(struct source *from, const struct examples_options *options,
                        const struct vocab *vocab)
{
    struct error err;
    require(examples_init(&from->examples, options, vocab, &err) == 0, &err);
    require(sentences_init(&from->text, from->examples.width, UINT64_MAX, &err) == 0, &err);
}

static void release_source(struct source *from)
{
    examples_release(&from->examples);
    sentences_release(&from->text);
}

/* Adds one sentence of `length` tokens that repeats pattern (period). */
static void add_sentence(struct source *to, const uint32_t *pattern, uint32_t period,
                         uint32_t length)
{
    struct error err;
    uint32_t end = SENTENCE_END;
    for (uint32_t i = 0; i < length; i++)
        require(sentences_add(&to->text, &pattern[i % period], 1, &err) == 0, &err);
    require(sentences_add(&to->text, &end, 1, &err) == 0, &err);
}

static void make_source(struct source *from, const struct examples_options *options,
                        const uint64_t *count, uint32_t words, const uint32_t *pattern,
                        uint32_t period, uint32_t length)
{
    struct vocab vocab;
    make_vocab(&vocab, count, words);
    init_source(from, options, &vocab);
    add_sentence(from, pattern, period, length);
    vocab_release(&vocab);
}

/* Appends the examples of an EXAMPLES record, which must contain nothing else. */
static void read_record(const struct source *from, const uint8_t *record, size_t size,
                        struct minibatch *batch)
{
    struct error err;
    struct cursor c = cursor_over(record, size);
    const uint32_t n = cursor_u32(&c), width = from->examples.width, old = batch->examples;
    cursor_bytes(&c, 12);
    uint32_t *contexts = memory_new(n, 4, &err), *noise = memory_new(n, 4, &err);
    require(contexts && noise, &err);
    cursor_narrow_array(&c, contexts, n, 4);
    cursor_narrow_array(&c, noise, n, 4);
    for (uint32_t i = 0; i < n; i++)
        require(minibatch_add(batch, 0, contexts[i], noise[i], &err) != NULL, &err);
    cursor_narrow_array(&c, batch->centre + old, n, width);
    for (uint32_t i = 0; i < n; i++)
        cursor_narrow_array(&c, batch->word + batch->first[old + i], contexts[i], width);
    for (uint32_t i = 0; i < n; i++)
        cursor_narrow_array(&c, batch->word + batch->first[old + i] + contexts[i], noise[i], width);
    error_set(&err, STATUS_FAILED, "a record of a wrong size");
    require(cursor_exhausted(&c), &err);
    free(contexts);
    free(noise);
}

/* Appends the examples of `n` positions, starting at `position`, created as one record. The first
 * sentence starts at position 1. */
static int make_record(struct source *from, uint64_t position, uint32_t n, uint64_t epoch,
                       struct minibatch *batch, struct error *err)
{
    struct draft draft = {0};
    uint8_t *record = memory_new(examples_record_size(&from->examples, n), 1, err);
    struct example_ref *place = memory_new(n, sizeof *place, err);
    require(record && place, err);
    for (uint32_t i = 0; i < n; i++)
        place[i].at = position + i;
    require(draft_start(&draft, &from->examples, epoch, n, record, err) == 0, err);
    draft_add(&draft, &from->text, place, n);
    size_t size = draft_finish(&draft, false, err);
    if (size > 0)
        read_record(from, record, size, batch);
    draft_release(&draft);
    free(record);
    free(place);
    return size > 0 ? 0 : -1;
}

static void make_examples(struct source *from, uint64_t position, uint32_t n, uint64_t epoch,
                          struct minibatch *batch)
{
    struct error err;
    require(make_record(from, position, n, epoch, batch, &err) == 0, &err);
}

/* ---- sentences ---- */

/* Adds a text (n) in pieces. Returns whether the sentences kept are those of `wanted` (m). */
static bool keeps_sentences(const uint32_t *text, size_t n, size_t piece, const uint32_t *wanted,
                            size_t m)
{
    struct sentences kept;
    struct error err;
    uint64_t words = 0;
    bool same = true;
    for (unsigned width = 2; width <= 4; width += 2) {
        require(sentences_init(&kept, width, UINT64_MAX, &err) == 0, &err);
        for (size_t at = 0; at < n; at += piece)
            require(sentences_add(&kept, text + at, n - at < piece ? n - at : piece, &err) == 0,
                    &err);
        words = 0;
        same = same && kept.tokens == m;
        for (size_t i = 0; i < m && same; i++) {
            uint32_t mark = sentence_mark(width), id = wanted[i] == SENTENCE_END ? mark : wanted[i];
            same = id_at(sentences_at(&kept, i), 0, width) == id;
            words += id != mark;
        }
        for (int i = 1; i <= SENTENCES_MARGIN && same; i++)
            same = id_at(sentences_at(&kept, 0), -i, width) == sentence_mark(width) &&
                   id_at(sentences_at(&kept, m), i - 1, width) == sentence_mark(width);
        same = same && kept.count == words;
        sentences_release(&kept);
    }
    return same;
}

/* <unk> is dropped first, then every sentence of fewer than two words. */
static void test_sentences(void)
{
    enum { E = -1 };
    static const uint32_t text[] = {1, 2, 3, E, 4, E, E, 0, 5, 0, E, 0, 0, E, 6,
                                    0, 7, E, 0, 8, 9, 0, E, 1, E, 2, 2, E, 0, E};
    static const uint32_t kept[] = {E, 1, 2, 3, E, 6, 7, E, 8, 9, E, 2, 2, E}, one[] = {5, E};
    enum { TEXT = sizeof text / sizeof *text, KEPT = sizeof kept / sizeof *kept };
    bool good = true;
    for (size_t piece = 1; piece <= TEXT; piece++)
        good = keeps_sentences(text, TEXT, piece, kept, KEPT) && good;
    tap_check(good, "sentences of at least two known words are kept, however the text is split");
    tap_check(keeps_sentences(one, 2, 2, kept, 1) && keeps_sentences(one, 0, 1, kept, 1),
              "a text without such a sentence gives no examples");
}

/* ---- windows ---- */

/* For a sentence in which every word differs from those near it: finds the window of each example
 * from the number of its contexts, which must be the words within it. Fills window (examples). */
static bool find_windows(const struct minibatch *batch, uint32_t period, uint32_t *window)
{
    uint32_t n = batch->examples;
    bool good = true;
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t *word = batch->word + batch->first[i];
        uint32_t contexts = batch->contexts[i], at = 0;
        window[i] = 0;
        while (at < contexts) { /* at: context words to the left and right, clipped */
            uint32_t w = ++window[i];
            at = (i < w ? i : w) + (n - 1 - i < w ? n - 1 - i : w);
            if (w > n)
                return false;
        }
        good = good && at == contexts && batch->centre[i] == 1 + i % period;
        at = 0;
        for (uint32_t j = i < window[i] ? 0 : i - window[i]; j <= i + window[i] && j < n; j++)
            if (j != i)
                good = good && word[at++] == 1 + j % period;
    }
    return good;
}

static void test_windows(void)
{
    enum { LENGTH = 20000, WIDEST = 5, PERIOD = 20 };
    struct examples_options options = {WIDEST, 1, 0.75, .fresh = true, .shuffle = false, .seed = 5};
    static const double equal[WIDEST * WIDEST] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                                                  1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    uint64_t count[PERIOD], seen[WIDEST] = {0}, pairs[WIDEST * WIDEST] = {0};
    uint64_t epochs[WIDEST * WIDEST] = {0};
    uint32_t pattern[PERIOD];
    for (uint32_t i = 0; i < PERIOD; i++) {
        pattern[i] = i + 1;
        count[i] = 10;
    }
    struct source e;
    struct minibatch batch = {0};
    static uint32_t window[2][LENGTH];
    make_source(&e, &options, count, PERIOD, pattern, PERIOD, LENGTH);
    bool good = e.text.count == LENGTH;
    for (int epoch = 0; epoch < 2; epoch++) {
        minibatch_clear(&batch);
        make_examples(&e, 1, LENGTH, epoch, &batch);
        good = find_windows(&batch, PERIOD, window[epoch]) && good;
    }
    tap_check(good, "contexts are the words in the window, clipped at the ends of the sentence");
    for (uint32_t i = WIDEST; i < LENGTH - WIDEST; i++) {
        seen[window[0][i] - 1]++;
        pairs[(window[0][i] - 1) * WIDEST + window[0][i + 1] - 1]++;
        epochs[(window[0][i] - 1) * WIDEST + window[1][i] - 1]++;
    }
    check_distribution(seen, equal, WIDEST, "windows");
    check_distribution(pairs, equal, WIDEST * WIDEST, "windows of neighbouring positions");
    check_distribution(epochs, equal, WIDEST * WIDEST, "windows of a position in two epochs");
    minibatch_release(&batch);
    release_source(&e);
}

/* ---- noise ---- */

/* Creates the examples first … end − 1 of an epoch and counts the noise words (by id) of those
 * with centre word `centre`. False if a noise word is <unk> or one of the context words, or if
 * the number of noise words per context word is not `negatives`. */
static bool count_noise(struct source *e, uint32_t first, uint32_t end, uint64_t epoch,
                        uint32_t centre, uint64_t *seen)
{
    struct minibatch batch = {0};
    bool good = true;
    make_examples(e, 1 + first, end - first, epoch, &batch);
    for (uint32_t i = 0; i < batch.examples; i++) {
        const uint32_t *word = batch.word + batch.first[i];
        uint32_t contexts = batch.contexts[i], words = batch.first[i + 1] - batch.first[i];
        good = good && words == contexts * (1 + e->examples.options.negatives);
        for (uint32_t j = contexts; j < words; j++) {
            for (uint32_t c = 0; c < contexts; c++)
                good = good && word[j] != word[c];
            good = good && word[j] != UNKNOWN_ID;
            if (batch.centre[i] == centre)
                seen[word[j]]++;
        }
    }
    minibatch_release(&batch);
    return good;
}

/* The weights that noise words must have (words + 1, by id), 0 for those in `contexts`. */
static void wanted_noise(double *weight, const uint64_t *count, uint32_t words, double exponent,
                         const uint32_t *contexts, uint32_t n)
{
    weight[UNKNOWN_ID] = 0;
    for (uint32_t i = 0; i < words; i++)
        weight[i + 1] = count[i] ? pow((double)count[i], exponent) : 0;
    for (uint32_t i = 0; i < n; i++)
        weight[contexts[i]] = 0;
}

/* Two alternating words: the other one is always the context, and the centre word may be a noise
 * word. A word with count 0 is never a noise word. */
static void test_noise(void)
{
    enum { WORDS = 12, LENGTH = 4000 };
    static const uint64_t count[WORDS] = {900, 500, 333, 100, 0, 70, 70, 12, 7, 5, 5, 3};
    static const uint32_t pattern[] = {2, 3};
    static const double exponents[] = {0.75, 0, 1};
    for (int i = 0; i < 3; i++)
        for (uint32_t c = 0; c < 2; c++) {
            struct examples_options options = {1, 5, exponents[i], true, false, 8, false};
            struct source e;
            double weight[WORDS + 1];
            uint64_t seen[WORDS + 1] = {0};
            char name[64];
            make_source(&e, &options, count, WORDS, pattern, 2, LENGTH);
            bool good = count_noise(&e, 0, LENGTH, i, pattern[c], seen);
            snprintf(name, sizeof name, "noise words of centre %u, exponent %g", pattern[c],
                     exponents[i]);
            tap_check(good, "%s: neither <unk> nor contexts, 5 per context word", name);
            wanted_noise(weight, count, WORDS, exponents[i], &pattern[!c], 1);
            check_distribution(seen, weight, WORDS + 1, name);
            release_source(&e);
        }
}

/* With more than 65,535 words, ids and random draws are wider. Only the first and last twelve words
 * have counts above 0. */
static void test_many_words(void)
{
    enum { WORDS = 70000, SOME = 12, LENGTH = 30000 };
    static uint64_t count[WORDS], seen[WORDS + 1];
    static double weight[WORDS + 1];
    static const uint32_t pattern[] = {2, WORDS - 3, 2};
    struct examples_options options = {1, 5, 0.75, false, false, 4, false};
    struct source e;
    for (uint32_t i = 0; i < SOME; i++)
        count[i] = count[WORDS - 1 - i] = 20 + 100 * i;
    make_source(&e, &options, count, WORDS, pattern, 3, LENGTH);
    bool good = count_noise(&e, 0, LENGTH, 0, WORDS - 3, seen);
    tap_check(good && e.examples.width == 4,
              "noise words out of 70,000: neither <unk> nor contexts");
    wanted_noise(weight, count, WORDS, 0.75, pattern, 1);
    check_distribution(seen, weight, WORDS + 1, "noise words out of 70,000");
    release_source(&e);
}

/* The noise words of an example are independent of each other and of those of other examples. */
static void test_noise_pairs(void)
{
    enum { WORDS = 6, LENGTH = 10000 };
    static const uint64_t count[WORDS] = {7, 1, 1, 1, 1, 1};
    static const uint32_t pattern[] = {1};
    struct examples_options options = {1, 1, 1, false, false, 9, false};
    struct source e;
    struct minibatch batch = {0};
    make_source(&e, &options, count, WORDS, pattern, 1, LENGTH);
    uint64_t within[49] = {0}, between[49] = {0};
    double equal[49];
    for (int i = 0; i < 49; i++)
        equal[i] = i / 7 > 1 && i % 7 > 1; /* neither <unk> nor the context */
    make_examples(&e, 2, LENGTH - 2, 0, &batch);
    for (uint32_t i = 0; i < batch.examples; i++) {
        const uint32_t *noise = batch.word + batch.first[i] + 2;
        within[noise[0] * 7 + noise[1]]++;
        if (i % 2)
            between[noise[0] * 7 + noise[-4]]++;
    }
    check_distribution(within, equal, 49, "two noise words of an example");
    check_distribution(between, equal, 49, "noise words of two examples");
    minibatch_release(&batch);
    release_source(&e);
}

/* Context words with nearly all the weight. With heavy = 4095 · 15 / 2 all but one draw in 4,096
 * hit a context word, so that some noise words are found by drawing and some by iterating over
 * all words; with a much larger value, all of them by iterating. In both cases they must have
 * the distribution of the remaining words. */
static void check_scarce(uint64_t heavy, const char *name)
{
    enum { WORDS = 7, LENGTH = 402 };
    uint64_t count[WORDS] = {heavy, heavy, 1, 2, 3, 4, 5}, seen[WORDS + 1] = {0};
    static const uint32_t pattern[] = {1, 1, 2, 2}; /* both words are contexts of each */
    static const uint32_t contexts[] = {1, 2};
    struct examples_options options = {1, 5, 1, false, false, 10, false};
    struct source e;
    double weight[WORDS + 1];
    make_source(&e, &options, count, WORDS, pattern, 4, LENGTH);
    tap_check(count_noise(&e, 1, LENGTH - 1, 0, 1, seen), "%s: never a context", name);
    wanted_noise(weight, count, WORDS, 1, contexts, 2);
    check_distribution(seen, weight, WORDS + 1, name);
    release_source(&e);
}

/* Whether an example with these two tokens as contexts has noise words; an error must be STATUS_INPUT. */
static bool can_make(const uint64_t *count, uint32_t words, uint32_t left, uint32_t right)
{
    struct examples_options options = {1, 5, 0.75, false, false, 1, false};
    uint32_t sentence[] = {left, 1, right};
    struct source e;
    struct minibatch batch = {0};
    struct error err = {0};
    make_source(&e, &options, count, words, sentence, 3, 3);
    bool made = make_record(&e, 2, 1, 0, &batch, &err) == 0;
    tap_check(made ? batch.examples == 1 : batch.examples == 0 && err.status == STATUS_INPUT,
              "contexts %u and %u of %u words: %s", left, right, words, made ? "made" : err.text);
    made = made && minibatch_words(&batch) > batch.contexts[0];
    minibatch_release(&batch);
    release_source(&e);
    return made;
}

static void test_no_noise(void)
{
    static const uint64_t two[] = {5, 5}, three[] = {5, 5, 5}, rare[] = {5, 5, 0},
                          one[] = {5, 0, 0}, none[] = {0, 0};
    tap_check(!can_make(two, 2, 1, 2), "no noise word if all words are contexts");
    tap_check(can_make(two, 2, 2, 2), "a noise word if both contexts are the same of two words");
    tap_check(can_make(three, 3, 1, 2), "a noise word if two of three words are contexts");
    tap_check(!can_make(rare, 3, 1, 2), "a word of weight 0 is not a noise word");
    tap_check(can_make(rare, 3, 3, 2), "a context of weight 0 does not exclude another word");
    tap_check(!can_make(one, 3, 3, 1), "no noise word if the only word with weight is a context");
    tap_check(!can_make(none, 2, 1, 1), "no noise word if all weights are 0");
}

/* ---- frozen and fresh examples ---- */

static uint64_t examples_hash(const struct minibatch *batch, uint32_t i)
{
    uint64_t state = batch->centre[i];
    for (uint32_t j = batch->first[i]; j < batch->first[i + 1]; j++) {
        state ^= batch->word[j];
        state = draw(&state);
    }
    return state;
}

enum { MIXED_WORDS = 9, MIXED = 500 };
static const uint32_t mixed_pattern[] = {1, 2, 3, 1, 4};

static void make_mixed(struct source *from, bool fresh)
{
    static const uint64_t count[MIXED_WORDS] = {9, 8, 7, 6, 5, 4, 3, 2, 1};
    struct examples_options options = {5, 5, 0.75, fresh, true, 3, false};
    make_source(from, &options, count, MIXED_WORDS, mixed_pattern, 5, MIXED);
}

/* The number of positions whose examples differ between two epochs. */
static uint32_t changed(bool fresh)
{
    struct source e;
    struct minibatch batch[2] = {{0}};
    uint32_t differ = 0;
    make_mixed(&e, fresh);
    for (int epoch = 0; epoch < 2; epoch++)
        make_examples(&e, 1, MIXED, (uint64_t)epoch, &batch[epoch]);
    for (uint32_t i = 0; i < MIXED; i++)
        differ += examples_hash(&batch[0], i) != examples_hash(&batch[1], i);
    for (int epoch = 0; epoch < 2; epoch++)
        minibatch_release(&batch[epoch]);
    release_source(&e);
    return differ;
}

static void test_frozen(void)
{
    tap_check(changed(false) == 0, "frozen examples are the same in every epoch");
    uint32_t fresh = changed(true);
    tap_check(fresh == MIXED, "fresh examples differ, all %u of %d", fresh, (int)MIXED);
}

/* An example does not depend on the record that it is part of. */
static void test_records(void)
{
    struct source e;
    struct minibatch all = {0}, pieces = {0};
    bool same = true;
    make_mixed(&e, false);
    make_examples(&e, 1, MIXED, 0, &all);
    for (uint32_t at = 0, n = 1; at < MIXED; at += n, n = n * 3 % 97) {
        n = MIXED - at < n ? MIXED - at : n;
        make_examples(&e, 1 + at, n, 0, &pieces);
    }
    for (uint32_t i = 0; i < MIXED; i++)
        same = same && examples_hash(&all, i) == examples_hash(&pieces, i);
    tap_check(same, "an example is the same in records of any size");
    minibatch_release(&all);
    minibatch_release(&pieces);
    release_source(&e);
}

/* ---- epoch order ---- */

/* The epoch order of the centres of one sentence, at positions 1 … length, computed by a team of
 * threads. */
struct ordering {
    struct sentences text;
    struct team team;
    struct shuffle order;
    uint64_t *position; /* (length) of the centres, in the order of the epoch */
};

static void init_ordering(struct ordering *o, uint32_t length,
                          const struct shuffle_options *options, unsigned threads)
{
    static const uint32_t pattern[] = {1, 2}, end = SENTENCE_END;
    struct error err;
    require(sentences_init(&o->text, 2, UINT64_MAX, &err) == 0, &err);
    for (uint32_t i = 0; i < length; i++)
        require(sentences_add(&o->text, &pattern[i % 2], 1, &err) == 0, &err);
    require(sentences_add(&o->text, &end, 1, &err) == 0, &err);
    require(team_init(&o->team, threads, &err) == 0, &err);
    require(shuffle_init(&o->order, &o->text, options, &o->team, &err) == 0, &err);
    o->position = memory_new(length, sizeof *o->position, &err);
    require(o->position, &err);
}

static void init_order(struct ordering *o, uint32_t length, bool shuffle, uint64_t seed)
{
    struct shuffle_options options = {seed, shuffle, length, 0};
    init_ordering(o, length, &options, 1);
}

static void release_order(struct ordering *o)
{
    shuffle_release(&o->order);
    team_release(&o->team);
    sentences_release(&o->text);
    free(o->position);
}

/* Collects the positions of an epoch, slice by slice; the last `keep` entries of a slice are
 * passed on to the next. Returns the number of slices, or 0 if the slices do not fit together. */
static unsigned start_epoch(struct ordering *o, uint64_t epoch)
{
    struct error err;
    uint64_t n = 0, held = 0;
    unsigned slices = 0;
    shuffle_start(&o->order, epoch);
    for (int more = 1; more; slices++) {
        more = shuffle_next(&o->order, o->order.refs - held, &err);
        require(more >= 0, &err);
        for (uint64_t i = 0; i < held; i++)
            if (o->order.ref[i].at != o->position[n - held + i])
                return 0;
        for (uint64_t i = held; i < o->order.refs; i++)
            o->position[n++] = o->order.ref[i].at;
        held = o->order.refs < o->order.options.keep ? o->order.refs : o->order.options.keep;
    }
    return n == o->text.count ? slices : 0;
}

/* The number, below 24, of a permutation of four. */
static unsigned order_of_four(const uint64_t *order)
{
    unsigned number = 0;
    for (int i = 0; i < 4; i++) {
        number *= 4 - i;
        for (int j = i + 1; j < 4; j++)
            number += order[j] < order[i];
    }
    return number;
}

static void test_uniform_orders(void)
{
    struct ordering o;
    uint64_t seen[24] = {0}, of_seed[24] = {0}, follows[16] = {0}, latest = 0;
    double equal[24];
    for (int i = 0; i < 24; i++)
        equal[i] = 1;
    init_order(&o, 4, true, 1);
    for (uint64_t epoch = 0; epoch < 48000; epoch++) {
        start_epoch(&o, epoch);
        seen[order_of_four(o.position)]++;
        if (epoch % 2)
            follows[(latest - 1) * 4 + o.position[0] - 1]++;
        latest = o.position[0];
    }
    release_order(&o);
    for (uint64_t seed = 0; seed < 24000; seed++) {
        init_order(&o, 4, true, seed);
        start_epoch(&o, 0);
        of_seed[order_of_four(o.position)]++;
        release_order(&o);
    }
    check_distribution(seen, equal, 24, "the 24 permutations of four, over epochs");
    check_distribution(follows, equal, 16, "the first of four in successive epochs");
    check_distribution(of_seed, equal, 24, "the 24 permutations of four, over seeds");
}

enum { ORDERED = 5000 };

static bool is_permutation(const uint64_t *order)
{
    bool found[ORDERED + 1] = {false};
    for (uint64_t i = 0; i < ORDERED; i++)
        if (order[i] < 1 || order[i] > ORDERED || found[order[i]])
            return false;
        else
            found[order[i]] = true;
    return true;
}

/* Whether the positions are sorted by their keys, which are the words of the random blocks of four
 * positions each. */
static bool is_by_key(const uint64_t *order, uint64_t epoch)
{
    uint64_t latest = 0;
    for (uint64_t i = 0; i < ORDERED; i++) {
        uint64_t key[RANDOM_BLOCK];
        random_block(key, 1, RANDOM_SHUFFLE, order[i] / 4, 0, epoch);
        if (key[order[i] % 4] < latest)
            return false;
        latest = key[order[i] % 4];
    }
    return true;
}

static void test_order(void)
{
    struct ordering o, other;
    static uint64_t first[ORDERED];
    init_order(&o, ORDERED, true, 1);
    bool good = true;
    for (uint64_t epoch = 0; epoch < 5; epoch++) {
        good = good && start_epoch(&o, epoch) == 1 && is_permutation(o.position) &&
               is_by_key(o.position, epoch);
        if (epoch == 0)
            memcpy(first, o.position, sizeof first);
        else
            good = good && memcmp(first, o.position, sizeof first) != 0;
    }
    tap_check(good, "each epoch sorts all centres by its own keys, another permutation");
    init_order(&other, ORDERED, true, 1);
    start_epoch(&other, 4);
    tap_check(memcmp(other.position, o.position, sizeof first) == 0,
              "an epoch's order does not depend on earlier epochs");
    release_order(&other);
    init_order(&other, ORDERED, true, 2);
    start_epoch(&other, 0);
    tap_check(memcmp(other.position, first, sizeof first) != 0, "another seed gives another order");
    release_order(&other);
    init_order(&other, ORDERED, false, 1);
    good = start_epoch(&other, 0) == 1;
    for (uint64_t i = 0; i < ORDERED; i++)
        good = good && other.position[i] == i + 1;
    tap_check(good, "without shuffling, the order is that of the corpus");
    release_order(&other);
    release_order(&o);
}

/* The order does not depend on the size of the slices or the number of threads. */
static void test_slices(void)
{
    for (int shuffle = 0; shuffle < 2; shuffle++) {
        struct ordering whole, parts;
        init_order(&whole, ORDERED, shuffle, 6);
        start_epoch(&whole, 3);
        for (unsigned threads = 1; threads <= 4; threads += 3) {
            struct shuffle_options options = {6, shuffle, 1700, 10 * threads};
            init_ordering(&parts, ORDERED, &options, threads);
            start_epoch(&parts, 2);
            unsigned slices = start_epoch(&parts, 3);
            bool same =
                memcmp(parts.position, whole.position, ORDERED * sizeof *whole.position) == 0;
            tap_check(slices >= 3 && same, "the same order%s in %u slices, %u threads",
                      shuffle ? ", shuffled," : "", slices, threads);
            release_order(&parts);
            struct shuffle_options tiny = {6, shuffle, 1, 3};
            init_ordering(&parts, ORDERED, &tiny, threads);
            slices = start_epoch(&parts, 3);
            same = memcmp(parts.position, whole.position, ORDERED * sizeof *whole.position) == 0;
            tap_check(slices >= 10 && same, "the same order%s in %u slices, %u threads",
                      shuffle ? ", shuffled," : "", slices, threads);
            release_order(&parts);
        }
        release_order(&whole);
    }
}

/* Like start_epoch, for an external shuffle. The last `kept` entries of a slice are passed on to the
 * next. */
static unsigned scatter_epoch(struct external_shuffle *s, uint64_t epoch, uint64_t kept,
                              uint64_t *position)
{
    struct error err;
    uint64_t n = 0, held = 0;
    unsigned slices = 0;
    require(external_shuffle_start(s, epoch, &err) == 0, &err);
    for (int more = 1; more; slices++) {
        more = external_shuffle_next(s, s->refs - held, &err);
        require(more >= 0, &err);
        n -= held;
        for (uint64_t i = 0; i < s->refs; i++) {
            uint64_t at;
            memcpy(&at, s->packed + s->ref[i].at + 8, sizeof at);
            if (i < held && at != position[n])
                return 0;
            position[n++] = at;
        }
        held = s->refs < kept ? s->refs : kept;
    }
    return n == source_examples(&s->pass.source) ? slices : 0;
}

/* The external shuffle, in buckets and in parts of buckets, gives the same order as in memory. */
static void check_scatter(bool shuffle, uint64_t memory, unsigned threads, unsigned least)
{
    static const uint64_t count[] = {1, 1, 1};
    static const uint32_t pattern[] = {1, 2}, end = SENTENCE_END;
    struct examples_options options = {3, 1, 1, false, shuffle, 6, false};
    struct external_shuffle_options limits = {.memory = memory, .keep = 7};
    struct ordering whole;
    struct vocab vocab;
    struct examples examples;
    struct sentences text;
    struct team team;
    struct external_shuffle scatter;
    struct error err;
    static uint64_t position[ORDERED];
    init_order(&whole, ORDERED, shuffle, 6);
    make_vocab(&vocab, count, 3);
    require(examples_init(&examples, &options, &vocab, &err) == 0, &err);
    require(sentences_init(&text, 2, 1000, &err) == 0, &err);
    for (uint32_t i = 0; i < ORDERED; i++)
        require(sentences_add(&text, &pattern[i % 2], 1, &err) == 0, &err);
    require(sentences_add(&text, &end, 1, &err) == 0, &err);
    require(sentences_finish(&text, &err) == 0 && text.spooled, &err);
    require(team_init(&team, threads, &err) == 0, &err);
    struct example_source source = {.text = &text};
    require(external_shuffle_init(&scatter, &examples, &source, &limits, &team, &err) == 0, &err);
    unsigned slices = 0;
    bool same = true;
    for (uint64_t epoch = 0; epoch < 3; epoch++) {
        start_epoch(&whole, epoch);
        slices = scatter_epoch(&scatter, epoch, 7, position);
        same = same && slices >= least && memcmp(position, whole.position, sizeof position) == 0;
    }
    tap_check(same, "the same order%s by external shuffle, %u slices, %u threads",
              shuffle ? ", shuffled," : "", slices, threads);
    external_shuffle_release(&scatter);
    team_release(&team);
    sentences_release(&text);
    examples_release(&examples);
    vocab_release(&vocab);
    release_order(&whole);
}

/* About 300 KB of items: all at once; in buckets; in 4 buckets, the most that can have buffers,
 * read in parts. */
static void test_scatter(void)
{
    for (unsigned threads = 1; threads <= 3; threads += 2) {
        check_scatter(true, 1 << 30, threads, 1);
        check_scatter(true, 1 << 18, threads, 3);
        check_scatter(true, 1 << 16, threads, 9);
        check_scatter(true, 1000, threads, 100);
        check_scatter(false, 1000, threads, 1);
    }
}

static int compare_places(const void *left, const void *right)
{
    const struct example_ref *a = left, *b = right;
    return a->key != b->key ? (a->key < b->key ? -1 : 1) : (a->at > b->at) - (a->at < b->at);
}

/* Keys that share their first bits, or all of them, as random keys hardly ever do. */
static void test_sort(void)
{
    enum { MOST = 20000 };
    static struct example_ref place[MOST], wanted[MOST], scratch[MOST];
    uint64_t state = 4;
    for (unsigned shared = 1; shared <= 64; shared += 9)
        for (uint32_t n = 0; n <= MOST; n = 3 * n + 2) {
            uint64_t mask = shared < 64 ? ~0ull >> shared : 0, key = draw(&state) & ~mask;
            for (uint32_t i = 0; i < n; i++)
                place[i] = (struct example_ref){key | (draw(&state) & mask), draw(&state)};
            memcpy(wanted, place, sizeof place);
            qsort(wanted, n, sizeof *wanted, compare_places);
            shuffle_sort(place, n, shared, scratch);
            if (memcmp(wanted, place, sizeof place) != 0) {
                tap_check(false, "%u entries sorted by keys that share %u bits", n, shared);
                return;
            }
        }
    tap_check(true, "entries are sorted by key, equal keys by position");
}

/* ---- subsampling ---- */

enum { SUB_WORDS = 6, SUB_TOKENS = 600000 };
static const uint64_t sub_count[SUB_WORDS] = {100000, 30000, 10000, 1000, 100, 0};

static void init_subsampler(struct subsampler *s, bool word2vec, uint64_t seed)
{
    struct vocab vocab;
    struct error err;
    make_vocab(&vocab, sub_count, SUB_WORDS);
    const struct subsample_options options = {1e-3, word2vec, seed};
    require(subsampler_init(s, &vocab, &options, &err) == 0, &err);
    vocab_release(&vocab);
}

/* A decision depends only on the word and on the index of the token among the known ones. */
static bool decides(uint64_t seed, uint64_t token, uint32_t id)
{
    uint64_t block[RANDOM_BLOCK];
    double p = id <= SUB_WORDS && sub_count[id - 1] ? sqrt(1e-3 * 141100 / sub_count[id - 1]) : 1;
    random_block(block, seed, RANDOM_SUBSAMPLE, token / RANDOM_BLOCK, 0, 0);
    return random_unit(block[token % RANDOM_BLOCK]) < p;
}

/* Subsamples tokens in random order, unknown ones among them. Counts by id the tokens and those
 * kept, and fills kept_at with the decision for each known token. Returns whether each decision
 * was as expected and <unk> was always dropped. */
static bool subsample(uint64_t seed, uint32_t unknown, uint64_t *kept, uint64_t *tokens,
                      unsigned char *kept_at)
{
    struct subsampler s;
    init_subsampler(&s, false, seed);
    uint64_t state = 1, gaps = 2;
    bool good = true;
    for (uint32_t i = 0; i < SUB_TOKENS; i++) {
        for (uint32_t n = unknown ? draw_below(&gaps, unknown) : 0; n > 0; n--)
            good = good && !subsampler_keeps(&s, UNKNOWN_ID);
        uint32_t id = 1 + draw_below(&state, SUB_WORDS);
        kept_at[i] = subsampler_keeps(&s, id);
        good = good && kept_at[i] == decides(seed, i, id);
        kept[id] += kept_at[i];
        tokens[id]++;
    }
    subsampler_release(&s);
    return good;
}

/* A corpus of one word: counts the tokens that each draw keeps, and those that two draws keep. */
static void test_draws(void)
{
    enum { DRAWS = 3, TOKENS = 200000 };
    uint64_t kept[DRAWS] = {0}, both = 0;
    static unsigned char first[TOKENS];
    struct subsampler s;
    init_subsampler(&s, true, 1);
    double ratio = 1e-3 * 141100 / (double)sub_count[1], p = sqrt(ratio) + ratio, chi = 0;
    bool anywhere = true;
    for (unsigned draw = 0; draw < DRAWS; draw++) {
        subsampler_seek(&s, 0, draw);
        for (uint32_t i = 0; i < TOKENS; i++) {
            bool keeps = subsampler_keeps(&s, 2);
            kept[draw] += keeps;
            both += draw == 1 && keeps && first[i];
            if (draw == 0)
                first[i] = keeps;
        }
        chi += pow((double)kept[draw] - TOKENS * p, 2) / (TOKENS * p * (1 - p));
    }
    chi += pow((double)both - TOKENS * p * p, 2) / (TOKENS * p * p * (1 - p * p));
    check_chi_square(chi, DRAWS + 1, "subsampling: word2vec's formula, independent draws");
    for (uint32_t i = 0; i < 8; i++) {
        subsampler_seek(&s, i, 0);
        for (uint32_t j = i; j < TOKENS / 1000; j++)
            anywhere = anywhere && subsampler_keeps(&s, 2) == first[j];
    }
    tap_check(anywhere, "subsampling: a draw can start at any token");
    subsampler_release(&s);
}

static void test_subsampling(void)
{
    uint64_t kept[SUB_WORDS + 1] = {0}, tokens[SUB_WORDS + 1] = {0}, unused[SUB_WORDS + 1] = {0};
    static unsigned char decision[SUB_TOKENS], other[SUB_TOKENS];
    bool good = subsample(1, 0, kept, tokens, decision);
    double all = 141100, chi = 0;
    size_t freedom = 0;
    bool always = true;
    for (uint32_t id = 1; id <= SUB_WORDS; id++) {
        double n = (double)tokens[id], p = sqrt(1e-3 * all / (double)sub_count[id - 1]);
        if (!(p < 1)) {
            always = always && kept[id] == tokens[id];
            continue;
        }
        chi += pow((double)kept[id] - n * p, 2) / (n * p * (1 - p));
        freedom++;
    }
    check_chi_square(chi, freedom, "subsampling: four words that are dropped sometimes");
    tap_check(always, "subsampling: a rare word is always kept");
    good = subsample(1, 3, unused, unused, other) && good;
    tap_check(good, "subsampling: decided by index and word of a token; <unk> is always dropped");
    tap_check(memcmp(decision, other, sizeof other) == 0,
              "subsampling: <unk> does not affect other tokens");
    subsample(2, 0, unused, unused, other);
    tap_check(memcmp(decision, other, sizeof other) != 0,
              "subsampling: another seed gives another text");
}

int main(void)
{
    test_known_answers();
    test_blocks();
    test_alias();
    test_sentences();
    test_windows();
    test_noise();
    test_noise_pairs();
    test_many_words();
    check_scarce(4095 * 15 / 2, "scarce noise words, found by drawing or iterating");
    check_scarce(1000000000000000, "scarce noise words, found by iterating");
    test_no_noise();
    test_frozen();
    test_records();
    test_uniform_orders();
    test_order();
    test_slices();
    test_scatter();
    test_sort();
    test_subsampling();
    test_draws();
    return tap_end();
}

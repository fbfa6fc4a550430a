/* SPDX-License-Identifier: MIT */
/* Text of any length for measurements: zipf [-l LIST] TOKENS [WORDS [EXPONENT [SEED [TOPICS]]]].
 *
 * The r-th word is drawn in proportion to r^-EXPONENT. Sentences have 1 to 41 words, 21 on average.
 * With TOPICS each sentence is on one of them, and so is one word in four: word r is of topic
 * r % TOPICS, but for the first TOPICS words, the function words of this language, which are of
 * none. The same arguments give the same bytes on every machine. Counts of what was written go to
 * standard error; LIST gets a line for each word: the word, how often it was written, its topic (-1:
 * none). Defaults: 1,000,000 words, exponent 1, seed 1, no topics.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alias_table.h"
#include "base/memory.h"
#include "base/random.h"

enum {
    SYLLABLES = 100,
    WORDS_MOST = 100000000, /* four syllables */
    TEXT = 16,              /* bytes of the longest word, rounded up, its space included */
    SENTENCE = 41,
    FREQUENT = 10, /* times that a word occurs to be in the vocabulary of ptb-vocab by default */
    BUFFER = 1 << 20,
    RANDOM_TEXT = 101 /* as an enum random_purpose: none of the pipe's */
};

/* A word with the space behind it, how long that is, and how often it was written: one line of the
 * cache, since most of the time goes into waiting for it. */
struct word {
    _Alignas(32) char text[TEXT];
    uint8_t length;
    uint64_t count;
};

struct zipf {
    uint64_t tokens;
    uint32_t words, topics;
    double exponent;
    uint64_t seed;
    struct word *word;
    struct alias_table rank;
    uint64_t sentences, centres, bytes;
};

static _Noreturn void die(const char *message)
{
    fprintf(stderr, "zipf: %s\n", message);
    exit(1);
}

static void write_all(const char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t written = write(STDOUT_FILENO, bytes, count);
        if (written < 0 && errno != EINTR)
            die(strerror(errno));
        if (written > 0) {
            bytes += written;
            count -= (size_t)written;
        }
    }
}

/* Spells the word of a rank: the first hundred have one syllable, the next ten thousand two, and so
 * on. A syllable is consonants and one vowel, so that no two words are the same. Within a length
 * they are mixed: multiplying by a number that shares no factor with the modulus is one to one. */
static void spell(struct word *word, uint64_t rank)
{
    static const char start[SYLLABLES / 5][3] = {"b", "c",  "d",  "f",  "g",  "h", "k",
                                                 "l", "m",  "n",  "p",  "r",  "s", "t",
                                                 "v", "br", "ch", "st", "tr", "w"};
    uint64_t words = SYLLABLES; /* of this length */
    int syllables = 1;
    for (; rank >= words; syllables++) {
        rank -= words;
        words *= SYLLABLES;
    }
    uint64_t code = (rank * 2654435761 + 17) % words;
    char *end = word->text;
    for (; syllables > 0; syllables--, code /= SYLLABLES) {
        for (const char *from = start[code % SYLLABLES / 5]; *from; from++)
            *end++ = *from;
        *end++ = "aeiou"[code % 5];
    }
    *end++ = ' ';
    word->length = (uint8_t)(end - word->text);
}

static int zipf_init(struct zipf *z, struct error *err)
{
    z->word = memory_new_aligned(z->words, sizeof *z->word, err);
    double *weight = memory_new(z->words, sizeof *weight, err);
    if (!z->word || !weight) {
        free(weight);
        return -1;
    }
    memset(z->word, 0, z->words * sizeof *z->word);
    for (uint32_t i = 0; i < z->words; i++) {
        spell(&z->word[i], i);
        weight[i] = pow(i + 1.0, -z->exponent);
    }
    int result = alias_init(&z->rank, weight, z->words, err);
    free(weight);
    return result;
}

static void zipf_release(struct zipf *z)
{
    alias_release(&z->rank);
    free(z->word);
}

/* The word's neighbour that is of the topic, which is about as frequent. */
static uint32_t on_topic(const struct zipf *z, uint32_t rank, uint32_t topic)
{
    uint32_t other = rank - rank % z->topics + topic;
    return rank >= z->topics && other < z->words ? other : rank;
}

/* Random words one after the other, a block at a time. */
struct sequence {
    uint64_t seed, block;
    unsigned left; /* of word */
    uint64_t word[RANDOM_BLOCK];
};

static uint64_t next(struct sequence *s)
{
    if (s->left == 0) {
        random_block(s->word, s->seed, (enum random_purpose)RANDOM_TEXT, s->block++, 0, 0);
        s->left = RANDOM_BLOCK;
    }
    return s->word[RANDOM_BLOCK - s->left--];
}

/* Draws a sentence of at most `most` words, and writes it to `out`, of room for SENTENCE words.
 * Returns its end. */
static char *write_sentence(struct zipf *z, struct sequence *random, uint64_t most, char *out,
                            uint64_t *words)
{
    uint32_t rank[SENTENCE];
    uint64_t drawn[SENTENCE];
    uint64_t head = next(random), part = SENTENCE / 2 + 1;
    uint64_t length = 1 + ((head & 0xffffffff) * part >> 32) + ((head >> 32) * part >> 32);
    if (length > most)
        length = most;
    uint32_t topic = z->topics > 0 ? (uint32_t)random_below(next(random), z->topics) : 0;
    /* Three loops, so that the processor waits for many lines of the cache at once. */
    for (uint64_t i = 0; i < length; i++)
        drawn[i] = next(random);
    for (uint64_t i = 0; i < length; i++) {
        rank[i] = alias_draw(&z->rank, drawn[i]);
        /* The rank hardly depends on the lowest bits. */
        if (z->topics > 0 && (drawn[i] & 3) == 0)
            rank[i] = on_topic(z, rank[i], topic);
        __builtin_prefetch(&z->word[rank[i]], 1);
    }
    for (uint64_t i = 0; i < length; i++) {
        struct word *word = &z->word[rank[i]];
        memcpy(out, word->text, TEXT);
        out += word->length;
        word->count++;
    }
    out[-1] = '\n';
    *words = length;
    return out;
}

static void write_text(struct zipf *z)
{
    static char buffer[BUFFER + SENTENCE * TEXT];
    struct sequence random = {.seed = z->seed};
    char *out = buffer;
    for (uint64_t left = z->tokens, words; left > 0; left -= words) {
        out = write_sentence(z, &random, left, out, &words);
        z->sentences++;
        if (words > 1)
            z->centres += words;
        if (out - buffer >= BUFFER || left == words) {
            write_all(buffer, (size_t)(out - buffer));
            z->bytes += (uint64_t)(out - buffer);
            out = buffer;
        }
    }
}

static void write_list(const struct zipf *z, const char *path)
{
    FILE *list = fopen(path, "w");
    if (!list)
        die(path);
    for (uint32_t i = 0; i < z->words; i++) {
        int topic = z->topics > 0 && i >= z->topics ? (int)(i % z->topics) : -1;
        fprintf(list, "%.*s\t%llu\t%d\n", z->word[i].length - 1, z->word[i].text,
                (unsigned long long)z->word[i].count, topic);
    }
    if (fclose(list) != 0)
        die(path);
}

/* seen: different words; frequent, frequent_tokens: words that occur FREQUENT times, and how often
 * all of these; centres: tokens in sentences of two words or more. */
static void report(const struct zipf *z)
{
    uint64_t seen = 0, frequent = 0, frequent_tokens = 0;
    for (uint32_t i = 0; i < z->words; i++) {
        seen += z->word[i].count > 0;
        if (z->word[i].count >= FREQUENT) {
            frequent++;
            frequent_tokens += z->word[i].count;
        }
    }
    fprintf(stderr,
            "zipf: tokens=%llu sentences=%llu centres=%llu bytes=%llu seen=%llu frequent=%llu "
            "frequent_tokens=%llu\n",
            (unsigned long long)z->tokens, (unsigned long long)z->sentences,
            (unsigned long long)z->centres, (unsigned long long)z->bytes, (unsigned long long)seen,
            (unsigned long long)frequent, (unsigned long long)frequent_tokens);
}

static _Noreturn void usage(void)
{
    fputs("usage: zipf [-l LIST] TOKENS [WORDS [EXPONENT [SEED [TOPICS]]]]\n", stderr);
    exit(2);
}

/* A number from least to most, `whole` or not; 1e9 is a whole number too. */
static double number(const char *text, double least, double most, int whole)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end || !(value >= least && value <= most) ||
        (whole && value != floor(value)))
        usage();
    return value;
}

int main(int argc, char **argv)
{
    const char *list = NULL;
    for (int letter; (letter = getopt(argc, argv, "l:")) != -1;) {
        if (letter != 'l')
            usage();
        list = optarg;
    }
    argc -= optind;
    argv += optind;
    if (argc < 1 || argc > 5)
        usage();
    struct zipf z = {
        .tokens = (uint64_t)number(argv[0], 1, 0x1p53, 1),
        .words = argc > 1 ? (uint32_t)number(argv[1], 1, WORDS_MOST, 1) : 1000000,
        .exponent = argc > 2 ? number(argv[2], 0, 10, 0) : 1,
        .seed = argc > 3 ? (uint64_t)number(argv[3], 0, 0x1p53, 1) : 1,
        .topics = argc > 4 ? (uint32_t)number(argv[4], 0, WORDS_MOST, 1) : 0,
    };
    struct error err;
    if (zipf_init(&z, &err) < 0)
        die(err.text);
    write_text(&z);
    report(&z);
    if (list)
        write_list(&z, list);
    zipf_release(&z);
    return 0;
}

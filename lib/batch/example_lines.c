/* SPDX-License-Identifier: MIT */
#include "batch/example_lines.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "stream/recognise.h"

enum { CENTRE, CONTEXTS, NOISE, FIELDS };

enum { PROGRESS_LINES = 1 << 12 /* between two reports of progress */ };

/* Lines that are being read. */
struct reading {
    struct example_lines *to;
    struct input *in;
    struct vocab *vocab;
    bool grows; /* new words are added to the vocabulary */
    struct word_index *index;
    size_t context_capacity; /* of to->context_count */
    /* the latest line */
    unsigned tabs;
    uint32_t words[FIELDS]; /* in each field */
    uint32_t *id;           /* those of its words, NO_WORD if unknown */
    size_t ids, id_capacity;
    struct tokens tokens; /* words without an id so far */
};

/* ---- words of a line ---- */

/* Sets the counts of the words from `known` on to zero. */
static int start_counts(struct reading *r, uint32_t known, struct error *err)
{
    struct vocab *v = r->vocab;
    if (memory_reserve(&v->count, &v->count_capacity, v->words.count, sizeof *v->count, err) < 0 ||
        memory_reserve(&r->to->context_count, &r->context_capacity, v->words.count,
                       sizeof *r->to->context_count, err) < 0)
        return -1;
    for (uint32_t id = known; id < v->words.count; id++)
        v->count[id] = r->to->context_count[id] = 0;
    return 0;
}

/* Finds or assigns the ids of the latest words. */
static int look_up(struct reading *r, struct error *err)
{
    uint32_t known = r->vocab->words.count;
    if (memory_reserve(&r->id, &r->id_capacity, r->ids + r->tokens.count, sizeof *r->id, err) < 0)
        return -1;
    if (!r->grows)
        word_index_find_all(r->index, &r->tokens, r->id + r->ids);
    else if (word_index_intern_all(r->index, &r->tokens, r->id + r->ids, err) < 0 ||
             start_counts(r, known, err) < 0)
        return -1;
    r->ids += r->tokens.count;
    r->tokens.count = 0;
    return 0;
}

static int add_word(struct reading *r, const char *word, size_t length, struct error *err)
{
    if (length > WORD_MAX)
        return input_line_fault(r->in, err, "a word of more than %d bytes", WORD_MAX);
    if (r->tokens.count == TOKENS_MAX && look_up(r, err) < 0)
        return -1;
    r->tokens.text[r->tokens.count] = word;
    r->tokens.length[r->tokens.count++] = (uint32_t)length;
    r->words[r->tabs]++;
    return 0;
}

/* Whether this byte is part of a word. */
static inline bool in_word(char byte)
{
    /* One comparison for nearly all bytes; the others are white space or zero. */
    return (unsigned char)byte > ' ' ||
           (byte != ' ' && byte != 0 && !(byte >= '\t' && byte <= '\r'));
}

/* Splits the line into fields and words. */
static int split_line(struct reading *r, const char *line, size_t length, struct error *err)
{
    r->tabs = 0;
    r->ids = r->tokens.count = 0;
    memset(r->words, 0, sizeof r->words);
    for (size_t at = 0, start; at < length; at++) {
        for (start = at; at < length && in_word(line[at]); at++)
            ;
        if (at > start && add_word(r, line + start, at - start, err) < 0)
            return -1;
        if (at < length && line[at] == 0)
            return input_line_fault(r->in, err, "a zero byte");
        if (at < length && line[at] == '\t' && ++r->tabs == FIELDS)
            return input_line_fault(r->in, err, "more than two tabs");
    }
    return look_up(r, err);
}

/* ---- examples ---- */

static int check_line(const struct reading *r, struct error *err)
{
    if (r->in->unterminated)
        return input_line_fault(r->in, err, "no newline at the end: the input is truncated");
    if (r->tabs == 0)
        return input_line_fault(r->in, err, "expected a centre word, a tab and context words");
    if (r->words[CENTRE] != 1)
        return input_line_fault(r->in, err,
                                "%lu words before the first tab, expected a centre word",
                                (unsigned long)r->words[CENTRE]);
    if (r->words[CONTEXTS] == 0)
        return input_line_fault(r->in, err, "no context words");
    if (r->words[CONTEXTS] > EXAMPLE_CONTEXTS_MAX)
        return input_line_fault(r->in, err, "more than %d context words", EXAMPLE_CONTEXTS_MAX);
    if (r->words[NOISE] > EXAMPLE_NOISE_MAX)
        return input_line_fault(r->in, err, "more than %d noise words", EXAMPLE_NOISE_MAX);
    return 0;
}

static void count_words(struct reading *r)
{
    for (uint32_t i = 0; i <= r->words[CONTEXTS]; i++) {
        r->vocab->count[r->id[i]]++;
        r->to->context_count[r->id[i]] += i > 0;
    }
}

/* Moves the known ones of `n` ids to `to`. Returns their number. */
static uint32_t keep_known(const uint32_t *id, uint32_t n, uint32_t *to)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < n; i++)
        if (id[i] != NO_WORD && id[i] != UNKNOWN_ID)
            to[kept++] = id[i];
    return kept;
}

static int add_example(struct reading *r, struct error *err)
{
    struct example_lines *l = r->to;
    if (r->grows)
        count_words(r);
    uint32_t all = 1 + r->words[CONTEXTS] + r->words[NOISE];
    uint32_t *noise_ids = r->id + 1 + r->words[CONTEXTS];
    uint32_t centre = keep_known(r->id, 1, r->id);
    uint32_t contexts = keep_known(r->id + 1, r->words[CONTEXTS], r->id + 1);
    uint32_t noise = keep_known(noise_ids, r->words[NOISE], r->id + 1 + contexts);
    l->unknown += all - centre - contexts - noise;
    l->lines++;
    if (centre > 0 && contexts > 0)
        return example_store_add(&l->store, r->id, contexts, noise, err);
    l->dropped++;
    return 0;
}

static int read_lines(struct reading *r, void (*progress)(uint64_t lines), struct error *err)
{
    const char *line;
    size_t length;
    int got;
    if (input_fill(r->in, CONTENT_PROBE, err) < 0 ||
        stream_expect_text(r->in->name, input_next(r->in), input_available(r->in), err) < 0)
        return -1;
    while ((got = input_line(r->in, &line, &length, err)) > 0)
        if (split_line(r, line, length, err) < 0 || check_line(r, err) < 0 ||
            add_example(r, err) < 0)
            return -1;
        else if (progress && r->to->lines % PROGRESS_LINES == 0)
            progress(r->to->lines);
    if (got == 0 && r->to->lines == 0)
        return error_set(err, STATUS_INPUT, "%s: no lines", r->in->name);
    return got < 0 ? -1 : example_store_finish(&r->to->store, err);
}

/* ---- the vocabulary ---- */

/* Orders the vocabulary, so far in the order of first appearance, as that of a text. */
static int order_vocab(struct reading *r, struct error *err)
{
    struct example_lines *l = r->to;
    struct vocab counted = *r->vocab;
    const uint32_t words = counted.words.count;
    *r->vocab = (struct vocab){0};
    uint64_t *context_count = memory_new(words, sizeof *context_count, err);
    l->new_id = memory_new(words, sizeof *l->new_id, err);
    int result = -1;
    if (context_count && l->new_id)
        result =
            vocab_select(r->vocab, &counted.words, counted.count, 0, 0, WORDS_MAX, l->new_id, err);
    for (uint32_t id = 0; result == 0 && id < words; id++)
        context_count[l->new_id[id]] = l->context_count[id];
    free(l->context_count);
    l->context_count = context_count;
    l->store.new_id = l->new_id;
    vocab_release(&counted);
    return result;
}

int example_lines_read(struct example_lines *l, struct input *in, uint64_t limit,
                       struct vocab *vocab, void (*progress)(uint64_t lines), struct error *err)
{
    *l = (struct example_lines){.store = example_store_new(limit)};
    struct reading r = {.to = l, .in = in, .vocab = vocab, .grows = vocab->words.count == 0};
    int result = 0;
    if (r.grows && (vocab_append(vocab, UNKNOWN_WORD, strlen(UNKNOWN_WORD), 0, err) < 0 ||
                    start_counts(&r, UNKNOWN_ID, err) < 0))
        result = -1;
    if (result == 0 && !(r.index = word_index_new(&vocab->words, err)))
        result = -1;
    if (result == 0)
        result = read_lines(&r, progress, err);
    word_index_free(r.index);
    free(r.id);
    if (result == 0 && r.grows)
        result = order_vocab(&r, err);
    if (result < 0)
        example_lines_release(l);
    return result;
}

void example_lines_release(struct example_lines *l)
{
    example_store_release(&l->store);
    free(l->context_count);
    free(l->new_id);
    *l = (struct example_lines){0};
}

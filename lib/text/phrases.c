/* SPDX-License-Identifier: MIT */
#include "text/phrases.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Pairs that are collected before they are counted, and tokens that are read or joined at a time. */
enum { PAIRS = 1 << 16, TOKENS = 1 << 16 };

/* The id of a prefix is this bit and its index. */
#define PREFIX (UINT32_C(1) << 31)

/* ---- life cycle ---- */

int phrases_init(struct phrases *p, struct vocab *vocab, const struct phrase_options *options,
                 struct team *team, struct error *err)
{
    *p = (struct phrases){.options = *options, .vocab = *vocab, .words = vocab->words.count};
    *vocab = (struct vocab){0};
    p->log = number_log_new(options->memory / 4);
    p->scan.start = NO_WORD;
    p->counting = true;
    memset(p->vocab.count, 0, p->words * sizeof *p->vocab.count);
    p->index = word_index_new(&p->vocab.words, err);
    p->pair = memory_new(PAIRS, sizeof *p->pair, err);
    if (p->index && p->pair &&
        pair_counter_init(&p->counter, team, options->memory / 2, err) == 0 &&
        pair_map_init(&p->prefix_index, err) == 0 && pair_map_init(&p->phrase_index, err) == 0)
        return 0;
    phrases_release(p);
    return -1;
}

void phrases_release(struct phrases *p)
{
    word_index_free(p->index);
    vocab_release(&p->vocab);
    number_log_release(&p->log);
    pair_counter_release(&p->counter);
    pair_map_release(&p->prefix_index);
    pair_map_release(&p->phrase_index);
    free(p->connector);
    free(p->appeared);
    free(p->read);
    free(p->scan.between);
    free(p->pair);
    free(p->prefix);
    free(p->phrase);
    *p = (struct phrases){0};
}

int phrases_add_connector(struct phrases *p, const char *word, size_t length, struct error *err)
{
    uint32_t id = word_index_find(p->index, word, length);
    if (!p->connector && !(p->connector = memory_new(p->words, sizeof *p->connector, err)))
        return -1;
    if (id != NO_WORD && id != UNKNOWN_ID)
        p->connector[id] = true;
    return 0;
}

/* ---- scanning a sentence ---- */

static bool is_connector(const struct phrases *p, uint32_t id)
{
    return p->connector && id < p->words && p->connector[id];
}

/* The prefix that extends `start` by a connector word; a new one if there is none. */
static int extend(struct phrases *p, uint32_t *start, uint32_t connector, struct error *err)
{
    uint64_t key = pair_of(*start, connector);
    uint32_t id = pair_map_find(&p->prefix_index, key, NO_WORD);
    if (id == NO_WORD) {
        if (p->prefixes == INT32_MAX)
            return error_set(err, STATUS_FAILED, "too many sequences of connector words");
        if (memory_reserve(&p->prefix, &p->prefix_capacity, p->prefixes + 1, sizeof *p->prefix,
                           err) < 0)
            return -1;
        id = PREFIX | (uint32_t)p->prefixes;
        uint32_t word = *start & PREFIX ? p->prefix[*start & ~PREFIX].word : *start;
        p->prefix[p->prefixes++] = (struct phrase_prefix){*start, connector, word};
        if (pair_map_add(&p->prefix_index, key, id, err) < 0)
            return -1;
    }
    *start = id;
    return 0;
}

static int count_pairs(struct phrases *p, struct error *err)
{
    size_t n = p->pairs;
    p->pairs = 0;
    return pair_counter_add(&p->counter, p->pair, n, err);
}

/* Collects the pair that ends with a token, if one does. */
static int scan_pair(struct phrases *p, uint32_t token, struct error *err)
{
    struct phrase_scan *s = &p->scan;
    if (token == SENTENCE_END || token == UNKNOWN_ID) {
        s->start = NO_WORD;
        return 0;
    }
    if (is_connector(p, token))
        return s->start == NO_WORD ? 0 : extend(p, &s->start, token, err);
    if (s->start != NO_WORD)
        p->pair[p->pairs++] = pair_of(s->start, token);
    s->start = token;
    return p->pairs == PAIRS ? count_pairs(p, err) : 0;
}

/* ---- the corpus ---- */

/* Counts the words of some tokens, and notes which appear for the first time. */
static int count_words(struct phrases *p, const uint32_t *token, size_t n, struct error *err)
{
    for (size_t i = 0; i < n; i++) {
        if (token[i] == SENTENCE_END || p->vocab.count[token[i]]++ > 0)
            continue;
        if (memory_reserve(&p->appeared, &p->appeared_capacity, p->appearances + 1,
                           sizeof *p->appeared, err) < 0)
            return -1;
        p->appeared[p->appearances++] = token[i];
    }
    return 0;
}

/* Adds tokens to a log of the corpus, and to the counts. */
static int add(struct phrases *p, struct number_log *log, const uint32_t *token, size_t n,
               struct error *err)
{
    if (number_log_add(log, token, n, err) < 0 || count_words(p, token, n, err) < 0)
        return -1;
    for (size_t i = 0; p->counting && i < n; i++)
        if (scan_pair(p, token[i], err) < 0)
            return -1;
    return 0;
}

int phrases_add(struct phrases *p, const uint32_t *token, size_t n, struct error *err)
{
    return add(p, &p->log, token, n, err);
}

int phrases_finish(struct phrases *p, struct error *err)
{
    return count_pairs(p, err) < 0 ? -1 : number_log_finish(&p->log, err);
}

int phrases_read(struct phrases *p, uint64_t *at, const uint32_t **token, size_t *n,
                 struct error *err)
{
    uint64_t left = p->log.count - *at;
    *n = left < TOKENS ? (size_t)left : TOKENS;
    if (number_log_read(&p->log, *at, *n, &p->read, &p->read_capacity, token, err) < 0)
        return -1;
    *at += *n;
    return 0;
}

/* ---- finding ---- */

/* What visiting the pairs needs. */
struct finding {
    struct phrases *to;
    double tokens; /* without <unk> */
};

static double score(const struct phrase_options *o, double pair, double first, double last,
                    double tokens)
{
    if (!o->npmi)
        return (pair - (double)o->min_count) / (first * last) * tokens;
    if (pair < (double)o->min_count)
        return -INFINITY;
    /* Rounded to float, since C libraries differ in the last bits of log. */
    return (float)(log(pair / tokens / (first / tokens * (last / tokens))) / -log(pair / tokens));
}

static int visit(void *data, const struct pair_count *pair, struct error *err)
{
    const struct finding *f = data;
    struct phrases *p = f->to;
    uint32_t first = pair_first(pair->pair), last = pair_second(pair->pair);
    uint32_t word = first & PREFIX ? p->prefix[first & ~PREFIX].word : first;
    struct phrase phrase = {.pair = pair->pair,
                            .count = pair->count,
                            .first_count = p->vocab.count[word],
                            .last_count = p->vocab.count[last]};
    phrase.score = score(&p->options, (double)phrase.count, (double)phrase.first_count,
                         (double)phrase.last_count, f->tokens);
    if (!(phrase.score > p->options.threshold))
        return 0;
    if (memory_reserve(&p->phrase, &p->phrase_capacity, p->found + 1, sizeof phrase, err) < 0)
        return -1;
    p->phrase[p->found++] = phrase;
    return 0;
}

/* By decreasing score; pairs of equal score in a fixed order. */
static int by_score(const void *left, const void *right)
{
    const struct phrase *a = left, *b = right;
    if (a->score != b->score)
        return a->score < b->score ? 1 : -1;
    return (a->pair > b->pair) - (a->pair < b->pair);
}

/* Appends a word, or the words of a prefix, to `spelled`, each with the delimiter after it. */
static int spell(const struct phrases *p, uint32_t id, struct bytes *spelled, struct error *err)
{
    size_t words = 0, capacity = 0;
    uint32_t *word = NULL;
    int result = 0;
    for (; id & PREFIX && result == 0; id = p->prefix[id & ~PREFIX].before) {
        result = memory_reserve(&word, &capacity, words + 1, sizeof *word, err);
        if (result == 0)
            word[words++] = p->prefix[id & ~PREFIX].connector;
    }
    for (;; id = word[--words]) {
        const struct words *from = &p->vocab.words;
        if (result < 0 ||
            (result = bytes_put(spelled, words_text(from, id), words_length(from, id), err)) < 0 ||
            (result = bytes_put(spelled, p->options.delimiter, strlen(p->options.delimiter), err)) <
                0 ||
            words == 0)
            break;
    }
    free(word);
    return result;
}

/* Gives the joined word of a phrase an id. *fits: it is not too long for a word. */
static int name_phrase(struct phrases *p, struct phrase *phrase, struct bytes *spelled, bool *fits,
                       struct error *err)
{
    struct vocab *v = &p->vocab;
    spelled->size = 0;
    if (spell(p, pair_first(phrase->pair), spelled, err) < 0 ||
        spell(p, pair_second(phrase->pair), spelled, err) < 0)
        return -1;
    size_t length = spelled->size - strlen(p->options.delimiter);
    *fits = length <= WORD_MAX;
    if (!*fits)
        return 0;
    uint32_t known = v->words.count;
    phrase->id = word_index_intern(p->index, (const char *)spelled->data, length, err);
    if (phrase->id == NO_WORD ||
        memory_reserve(&v->count, &v->count_capacity, v->words.count, sizeof *v->count, err) < 0)
        return -1;
    if (phrase->id == known)
        v->count[known] = 0;
    return pair_map_add(&p->phrase_index, phrase->pair, phrase->id, err);
}

int phrases_find(struct phrases *p, struct error *err)
{
    struct finding f = {p, 0};
    struct bytes spelled = {0};
    for (uint32_t id = UNKNOWN_ID + 1; id < p->vocab.words.count; id++)
        f.tokens += (double)p->vocab.count[id];
    p->found = 0;
    pair_map_clear(&p->phrase_index);
    if (pair_counter_take(&p->counter, visit, &f, err) < 0)
        return -1;
    if (p->found > 0)
        qsort(p->phrase, p->found, sizeof *p->phrase, by_score);
    size_t kept = 0;
    int result = 0;
    for (size_t i = 0; i < p->found && result == 0; i++) {
        bool fits;
        result = name_phrase(p, &p->phrase[i], &spelled, &fits, err);
        if (result == 0 && fits)
            p->phrase[kept++] = p->phrase[i];
    }
    p->found = kept;
    free(spelled.data);
    return result;
}

/* ---- joining ---- */

/* Tokens of the joined corpus that are not in its log yet. */
struct joining {
    struct number_log log;
    uint32_t *token; /* (n), TOKENS at most */
    size_t n;
};

static int flush(struct phrases *p, struct joining *j, struct error *err)
{
    size_t n = j->n;
    j->n = 0;
    return add(p, &j->log, j->token, n, err);
}

static int emit(struct phrases *p, struct joining *j, uint32_t token, struct error *err)
{
    j->token[j->n++] = token;
    return j->n == TOKENS ? flush(p, j, err) : 0;
}

/* Emits the words that turned out not to start a phrase. */
static int emit_start(struct phrases *p, struct joining *j, struct phrase_scan *s,
                      struct error *err)
{
    if (s->start == NO_WORD)
        return 0;
    uint32_t word = s->start & PREFIX ? p->prefix[s->start & ~PREFIX].word : s->start;
    int result = emit(p, j, word, err);
    for (size_t i = 0; i < s->betweens && result == 0; i++)
        result = emit(p, j, s->between[i], err);
    s->start = NO_WORD;
    s->betweens = 0;
    return result;
}

static int join_token(struct phrases *p, struct joining *j, struct phrase_scan *s, uint32_t token,
                      struct error *err)
{
    if (token == SENTENCE_END || token == UNKNOWN_ID)
        return emit_start(p, j, s, err) < 0 ? -1 : emit(p, j, token, err);
    if (is_connector(p, token)) {
        if (s->start == NO_WORD)
            return emit(p, j, token, err);
        if (memory_reserve(&s->between, &s->capacity, s->betweens + 1, sizeof token, err) < 0)
            return -1;
        s->between[s->betweens++] = token;
        return extend(p, &s->start, token, err);
    }
    if (s->start != NO_WORD) {
        uint32_t id = pair_map_find(&p->phrase_index, pair_of(s->start, token), NO_WORD);
        if (id != NO_WORD) {
            s->start = NO_WORD;
            s->betweens = 0;
            return emit(p, j, id, err);
        }
    }
    int result = emit_start(p, j, s, err);
    s->start = token;
    return result;
}

static int join_all(struct phrases *p, struct joining *j, struct phrase_scan *s,
                    void (*progress)(uint64_t tokens), struct error *err)
{
    const uint32_t *token;
    uint64_t at = 0;
    size_t n;
    do {
        if (phrases_read(p, &at, &token, &n, err) < 0)
            return -1;
        for (size_t i = 0; i < n; i++)
            if (join_token(p, j, s, token[i], err) < 0)
                return -1;
        if (progress)
            progress(at);
    } while (n > 0);
    return flush(p, j, err) < 0 || number_log_finish(&j->log, err) < 0 ? -1 : count_pairs(p, err);
}

int phrases_join(struct phrases *p, bool again, void (*progress)(uint64_t tokens),
                 struct error *err)
{
    struct phrase_scan scan = {.start = NO_WORD};
    struct joining j = {.log = number_log_new(p->options.memory / 4),
                        .token = memory_new(TOKENS, sizeof *j.token, err)};
    p->counting = again;
    p->appearances = 0;
    memset(p->vocab.count, 0, p->vocab.words.count * sizeof *p->vocab.count);
    int result = j.token ? join_all(p, &j, &scan, progress, err) : -1;
    number_log_release(&p->log);
    p->log = j.log;
    free(scan.between);
    free(j.token);
    return result;
}

/* ---- the vocabulary ---- */

int phrases_vocab(const struct phrases *p, struct vocab *vocab, uint32_t *new_id, struct error *err)
{
    struct vocab appeared = {0};
    const struct words *words = &p->vocab.words;
    uint32_t *id = memory_new(p->appearances, sizeof *id, err);
    int result = id ? 0 : -1;
    for (size_t i = 0; i < p->appearances && result == 0; i++) {
        uint32_t word = p->appeared[i];
        result = vocab_append(&appeared, words_text(words, word), words_length(words, word),
                              p->vocab.count[word], err);
    }
    if (result == 0)
        result = vocab_select(vocab, &appeared.words, appeared.count, 0, 1, WORDS_MAX, id, err);
    memset(new_id, 0, words->count * sizeof *new_id);
    for (size_t i = 0; i < p->appearances && result == 0; i++)
        new_id[p->appeared[i]] = id[i];
    free(id);
    vocab_release(&appeared);
    return result;
}

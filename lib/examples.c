/* SPDX-License-Identifier: MIT */
#include "examples.h"

#include <math.h>
#include <stdlib.h>

#include "memory.h"

/* Rejected draws (or as many as there are words) after which a noise word is drawn from the allowed
 * words alone: the same distribution, slower, but it ends also where the context words have nearly
 * all the weight. */
enum { PATIENCE = 4096 };

/* ---- life cycle ---- */

static int init_noise(struct examples *e, const struct vocab *vocab, struct error *err)
{
    e->weight = memory_new(e->words, sizeof *e->weight, err);
    if (!e->weight)
        return -1;
    for (uint32_t id = UNKNOWN_ID + 1; id < e->words; id++)
        if (vocab->count[id] > 0) {
            /* As float: C libraries differ in the last bits of pow. */
            e->weight[id] = (float)pow((double)vocab->count[id], e->options.noise_exponent);
            e->noise_words += e->weight[id] > 0;
        }
    return e->noise_words > 0 ? alias_init(&e->noise, e->weight, e->words, err) : 0;
}

int examples_init(struct examples *e, const struct examples_options *options,
                  const struct vocab *vocab, struct error *err)
{
    *e = (struct examples){.options = *options, .words = vocab->words.count, .sentence = 1};
    e->context = memory_new(2 * (size_t)options->window, sizeof *e->context, err);
    if (!e->context ||
        memory_reserve(&e->token, &e->token_capacity, 1, sizeof *e->token, err) < 0 ||
        init_noise(e, vocab, err) < 0) {
        examples_release(e);
        return -1;
    }
    e->token[e->tokens++] = SENTENCE_END;
    return 0;
}

void examples_release(struct examples *e)
{
    free(e->token);
    free(e->order);
    free(e->weight);
    free(e->context);
    alias_release(&e->noise);
    *e = (struct examples){0};
}

int examples_add(struct examples *e, const uint32_t *token, size_t n, struct error *err)
{
    if (memory_reserve(&e->token, &e->token_capacity, e->tokens + n, sizeof *e->token, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        if (token[i] == UNKNOWN_ID)
            continue;
        e->token[e->tokens++] = token[i];
        if (token[i] != SENTENCE_END)
            continue;
        size_t length = e->tokens - 1 - e->sentence;
        if (length < 2)
            e->tokens = e->sentence;
        else
            e->count += length;
        e->sentence = e->tokens;
    }
    return 0;
}

/* ---- order ---- */

int examples_start_epoch(struct examples *e, uint64_t epoch, struct error *err)
{
    if (!e->order)
        e->order = memory_new(e->count, sizeof *e->order, err);
    if (!e->order)
        return -1;
    uint64_t n = 0;
    for (size_t at = 0; at < e->sentence; at++)
        if (e->token[at] != SENTENCE_END)
            e->order[n++] = at;
    if (!e->options.shuffle)
        return 0;
    /* Fisher and Yates, from the identity in every epoch, so that no epoch depends on another. */
    struct random_sequence random = random_sequence(e->options.seed, RANDOM_SHUFFLE, 0, epoch);
    for (uint64_t left = n; left > 1; left--) {
        uint64_t other = random_below(random_next(&random), left), last = e->order[left - 1];
        e->order[left - 1] = e->order[other];
        e->order[other] = last;
    }
    return 0;
}

/* ---- examples ---- */

/* Collects the context words of the centre at `position` into e->context; returns how many. */
static uint32_t find_contexts(struct examples *e, uint64_t position, uint64_t epoch)
{
    uint64_t drawn[RANDOM_BLOCK];
    random_block(drawn, e->options.seed, RANDOM_WINDOW, 0, position, epoch);
    uint64_t window = 1 + random_below(drawn[0], e->options.window);
    uint64_t start = position, end = position;
    while (position - start < window && e->token[start - 1] != SENTENCE_END)
        start--;
    while (end - position < window && e->token[end + 1] != SENTENCE_END)
        end++;
    uint32_t n = 0;
    for (uint64_t at = start; at <= end; at++)
        if (at != position)
            e->context[n++] = e->token[at];
    return n;
}

static bool contains(const uint32_t *word, uint32_t n, uint32_t wanted)
{
    for (uint32_t i = 0; i < n; i++)
        if (word[i] == wanted)
            return true;
    return false;
}

/* Whether some word can be noise beside these contexts. */
static bool noise_exists(const struct examples *e, const uint32_t *context, uint32_t n)
{
    if (n < e->noise_words)
        return true;
    uint32_t excluded = 0;
    for (uint32_t i = 0; i < n; i++)
        excluded += e->weight[context[i]] > 0 && !contains(context, i, context[i]);
    return excluded < e->noise_words;
}

/* A noise word from the words that are not among the contexts, by walking over all of them. */
static uint32_t draw_allowed(const struct examples *e, const uint32_t *context, uint32_t n,
                             uint64_t random)
{
    double sum = 0;
    for (uint32_t id = 0; id < e->words; id++)
        if (!contains(context, n, id))
            sum += e->weight[id];
    double left = random_unit(random) * sum;
    uint32_t latest = 0;
    for (uint32_t id = 0; id < e->words; id++) {
        if (e->weight[id] == 0 || contains(context, n, id))
            continue;
        latest = id;
        if (left < e->weight[id])
            break;
        left -= e->weight[id];
    }
    return latest;
}

static uint32_t draw_noise(const struct examples *e, const uint32_t *context, uint32_t n,
                           struct random_sequence *random)
{
    uint32_t patience = e->words < PATIENCE ? e->words : PATIENCE;
    for (uint32_t i = 0; i < patience; i++) {
        uint32_t id = alias_draw(&e->noise, random_next(random));
        if (!contains(context, n, id))
            return id;
    }
    return draw_allowed(e, context, n, random_next(random));
}

int examples_make(struct examples *e, uint64_t place, uint64_t epoch, struct minibatch *batch,
                  struct error *err)
{
    uint64_t position = e->order[place], key = e->options.fresh ? epoch : 0;
    uint32_t contexts = find_contexts(e, position, key);
    if (!noise_exists(e, e->context, contexts))
        return error_set(
            err, STATUS_INPUT,
            "no negative samples possible: the %lu context words of an example are all "
            "words that could be noise",
            (unsigned long)contexts);
    uint32_t noise = contexts * e->options.negatives;
    uint32_t *word = minibatch_add(batch, e->token[position], contexts, noise, err);
    if (!word)
        return -1;
    struct random_sequence random = random_sequence(e->options.seed, RANDOM_NOISE, position, key);
    for (uint32_t i = 0; i < contexts; i++)
        word[i] = e->context[i];
    for (uint32_t i = 0; i < noise; i++)
        word[contexts + i] = draw_noise(e, e->context, contexts, &random);
    return 0;
}

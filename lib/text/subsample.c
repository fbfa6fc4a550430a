/* SPDX-License-Identifier: MIT */
#include "text/subsample.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

/* The probability with which an occurrence of a word is kept, from its count and the number of
 * tokens. */
static double keep_probability(const struct subsample_options *options, double tokens, double count)
{
    double ratio = options->threshold * tokens / count; /* t / f */
    return fmin(1.0, options->word2vec ? sqrt(ratio) + ratio : sqrt(ratio));
}

int subsampler_init(struct subsampler *s, const struct vocab *vocab,
                    const struct subsample_options *options, struct error *err)
{
    *s = (struct subsampler){.seed = options->seed};
    s->keep = memory_new(vocab->words.count, sizeof *s->keep, err);
    if (!s->keep)
        return -1;
    double tokens = (double)vocab_known_tokens(vocab);
    for (uint32_t id = UNKNOWN_ID + 1; id < vocab->words.count; id++) {
        double count = (double)vocab->count[id];
        s->keep[id] = count > 0 ? keep_probability(options, tokens, count) : 1.0;
    }
    return 0;
}

void subsampler_release(struct subsampler *s)
{
    free(s->keep);
    *s = (struct subsampler){0};
}

static void draw(struct subsampler *s)
{
    random_block(s->word, s->seed, RANDOM_SUBSAMPLE, s->token / RANDOM_BLOCK, 0, s->draw);
}

void subsampler_seek(struct subsampler *s, uint64_t token, uint64_t draw_number)
{
    s->token = token;
    s->draw = draw_number;
    if (token % RANDOM_BLOCK != 0)
        draw(s);
}

bool subsampler_keeps(struct subsampler *s, uint32_t id)
{
    if (id == UNKNOWN_ID)
        return false;
    unsigned lane = s->token % RANDOM_BLOCK;
    if (lane == 0)
        draw(s);
    s->token++;
    return random_unit(s->word[lane]) < s->keep[id];
}

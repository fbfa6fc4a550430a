/* SPDX-License-Identifier: MIT */
#include "subsample.h"

#include <math.h>
#include <stdlib.h>

#include "memory.h"

int subsampler_init(struct subsampler *s, const struct vocab *vocab, double threshold,
                    uint64_t seed, struct error *err)
{
    *s = (struct subsampler){.seed = seed};
    s->keep = memory_new(vocab->words.count, sizeof *s->keep, err);
    if (!s->keep)
        return -1;
    double tokens = (double)vocab_known_tokens(vocab);
    for (uint32_t id = UNKNOWN_ID + 1; id < vocab->words.count; id++) {
        double count = (double)vocab->count[id];
        s->keep[id] = count > 0 ? fmin(1.0, sqrt(threshold * tokens / count)) : 1.0;
    }
    return 0;
}

void subsampler_release(struct subsampler *s)
{
    free(s->keep);
    *s = (struct subsampler){0};
}

bool subsampler_keeps(struct subsampler *s, uint32_t id)
{
    if (id == UNKNOWN_ID)
        return false;
    unsigned lane = s->token % RANDOM_BLOCK;
    if (lane == 0)
        random_block(s->word, s->seed, RANDOM_SUBSAMPLE, s->token / RANDOM_BLOCK, 0, 0);
    s->token++;
    return random_unit(s->word[lane]) < s->keep[id];
}

/* SPDX-License-Identifier: MIT */
#include "sentences.h"

#include <stdlib.h>
#include <string.h>

#include "corpus.h"
#include "memory.h"
#include "vocab.h"

static void append(struct sentences *s, uint32_t id)
{
    uint8_t *place = s->memory + (SENTENCES_MARGIN + s->tokens++) * s->width;
    if (s->width == 2)
        *(uint16_t *)(void *)place = (uint16_t)id;
    else
        *(uint32_t *)(void *)place = id;
}

/* Room for `n` more ids, and for the margin behind them. */
static int reserve(struct sentences *s, size_t n, struct error *err)
{
    size_t ids = 2 * SENTENCES_MARGIN + s->tokens + n, old = s->capacity;
    if (memory_reserve(&s->memory, &s->capacity, ids * s->width, 1, err) < 0)
        return -1;
    memset(s->memory + old, 0xff, s->capacity - old);
    return 0;
}

int sentences_init(struct sentences *s, unsigned width, struct error *err)
{
    *s = (struct sentences){.width = width};
    if (reserve(s, 1, err) < 0)
        return -1;
    append(s, sentence_mark(width));
    return 0;
}

void sentences_release(struct sentences *s)
{
    free(s->memory);
    *s = (struct sentences){0};
}

static void end_sentence(struct sentences *s)
{
    if (s->length >= 2) {
        append(s, sentence_mark(s->width));
        s->count += s->length;
    }
    s->length = 0;
}

int sentences_add(struct sentences *s, const uint32_t *token, size_t n, struct error *err)
{
    if (reserve(s, n + 1, err) < 0) /* one that is held may come with them */
        return -1;
    for (size_t i = 0; i < n; i++) {
        if (token[i] == UNKNOWN_ID)
            continue;
        if (token[i] == SENTENCE_END) {
            end_sentence(s);
        } else if (s->length++ == 0) {
            s->held = token[i];
        } else {
            if (s->length == 2)
                append(s, s->held);
            append(s, token[i]);
        }
    }
    return 0;
}

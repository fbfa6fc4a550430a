/* SPDX-License-Identifier: MIT */
#include "batch/sentences.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "stream/corpus.h"
#include "stream/vocab.h"

enum { BUFFER = 1 << 16 /* approximate number of ids that are collected before writing */ };

static void append(struct sentences *s, uint32_t id)
{
    uint8_t *to = s->memory + (SENTENCES_MARGIN + s->waiting++) * s->width;
    if (s->width == 2)
        *(uint16_t *)(void *)to = (uint16_t)id;
    else
        *(uint32_t *)(void *)to = id;
    s->tokens++;
}

/* Moves the ids in memory to the file. */
static int flush(struct sentences *s, struct error *err)
{
    if (!s->spooled && spool_open(&s->file, err) < 0)
        return -1;
    s->spooled = true;
    if (spool_append(&s->file, sentences_at(s, 0), s->waiting * s->width, err) < 0)
        return -1;
    s->waiting = 0;
    free(s->memory);
    s->memory = NULL;
    s->capacity = 0;
    return 0;
}

/* Makes room for `n` more ids and the margin after them. */
static int reserve(struct sentences *s, size_t n, struct error *err)
{
    uint64_t limit = s->spooled ? BUFFER : s->limit / s->width;
    if (s->waiting > 0 && s->waiting + n > limit && flush(s, err) < 0)
        return -1;
    size_t ids = 2 * SENTENCES_MARGIN + s->waiting + n, old = s->capacity;
    if (memory_reserve(&s->memory, &s->capacity, ids * s->width, 1, err) < 0)
        return -1;
    memset(s->memory + old, 0xff, s->capacity - old);
    return 0;
}

int sentences_init(struct sentences *s, unsigned width, uint64_t limit, struct error *err)
{
    *s = (struct sentences){.width = width, .limit = limit};
    if (reserve(s, 1, err) < 0)
        return -1;
    append(s, sentence_mark(width));
    return 0;
}

void sentences_release(struct sentences *s)
{
    free(s->memory);
    if (s->spooled)
        spool_close(&s->file);
    *s = (struct sentences){0};
}

int sentences_finish(struct sentences *s, struct error *err)
{
    return s->spooled ? flush(s, err) : 0;
}

int sentences_read(const struct sentences *s, int64_t position, size_t n, uint8_t *ids,
                   struct error *err)
{
    size_t before = position < 0 ? (size_t)-position : 0;
    if (before > n)
        before = n;
    memset(ids, 0xff, n * s->width);
    uint64_t from = position < 0 ? 0 : (uint64_t)position;
    uint64_t left = from < s->tokens ? s->tokens - from : 0;
    size_t count = n - before < left ? n - before : (size_t)left;
    return spool_read(&s->file, ids + before * s->width, count * s->width, from * s->width, err);
}

static void end_sentence(struct sentences *s)
{
    if (s->length >= 2) {
        append(s, sentence_mark(s->width));
        s->count += s->length;
    }
    s->length = 0;
}

static void add(struct sentences *s, uint32_t token)
{
    if (token == UNKNOWN_ID)
        return;
    if (token == SENTENCE_END) {
        end_sentence(s);
    } else if (s->length++ == 0) {
        s->first_word = token;
    } else {
        if (s->length == 2)
            append(s, s->first_word);
        append(s, token);
    }
}

int sentences_add(struct sentences *s, const uint32_t *token, size_t n, struct error *err)
{
    for (size_t at = 0, end; at < n; at = end) {
        end = n - at < BUFFER ? n : at + BUFFER;
        if (reserve(s, end - at + 1, err) < 0) /* one more: first_word */
            return -1;
        for (size_t i = at; i < end; i++)
            add(s, token[i]);
    }
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* sentences.h -- the part of a corpus that examples are made of, as ids in memory, or in a temporary
 * file where they would take too much of it.
 *
 * Every <unk> is dropped, and then every sentence of fewer than two words. What stays has each
 * sentence closed by a mark, and one mark before the first: a walk to either side of a word always
 * meets a mark. The place of a token among these, marks counted, is its position.
 *
 * Ids take two bytes where the stream's do (FORMAT.md), else four; a mark has all bits set.
 */
#ifndef SGNS_SENTENCES_H
#define SGNS_SENTENCES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/spool.h"

enum { SENTENCES_MARGIN = 16 /* marks around the text, which may be read */ };

struct sentences {
    unsigned width;
    uint64_t limit;  /* bytes of ids to hold in memory */
    uint8_t *memory; /* the ids, of the machine's own byte order, and a margin on each side */
    size_t capacity;
    bool spooled; /* the ids are in the file, and those that are still to go there in memory */
    struct spool file;
    uint64_t waiting; /* ids in memory */
    uint64_t tokens;  /* with the marks */
    uint64_t count;   /* without: each is the centre of an example */
    uint32_t held;    /* the first word of a sentence, until there is a second; 0: none */
    uint64_t length;  /* words of the sentence that is being added */
};

/* `width` is 2 or 4. On error there is nothing to release. */
int sentences_init(struct sentences *s, unsigned width, uint64_t limit, struct error *err) MUST_USE;
void sentences_release(struct sentences *s);

/* Adds tokens of a corpus. */
int sentences_add(struct sentences *s, const uint32_t *token, size_t n, struct error *err) MUST_USE;
/* After the last of them. */
int sentences_finish(struct sentences *s, struct error *err) MUST_USE;

static inline uint32_t sentence_mark(unsigned width)
{
    return width == 2 ? UINT16_MAX : UINT32_MAX;
}

/* An id of an array of such width. */
static inline uint32_t id_at(const uint8_t *ids, int64_t place, unsigned width)
{
    return width == 2 ? ((const uint16_t *)(const void *)ids)[place]
                      : ((const uint32_t *)(const void *)ids)[place];
}

/* The `n` ids from a position on of sentences in a file; beyond both ends there are marks. */
int sentences_read(const struct sentences *s, int64_t position, size_t n, uint8_t *ids,
                   struct error *err) MUST_USE;

/* The ids from a position on of sentences in memory. */
static inline const uint8_t *sentences_at(const struct sentences *s, uint64_t position)
{
    return s->memory + (SENTENCES_MARGIN + position) * s->width;
}

#endif

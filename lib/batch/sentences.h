/* SPDX-License-Identifier: MIT */
/* sentences.h -- the sentences of a corpus that examples are made of: ids in memory or, if they
 * exceed a memory limit, in a temporary file.
 *
 * Every <unk> is dropped, and then every sentence of fewer than two words. Each remaining
 * sentence is closed by a sentence mark, and one mark precedes the first: a scan to either side
 * of a word always meets a mark. The index of a token in this sequence, counting marks, is its
 * position.
 *
 * An id has two bytes if ids of the stream have two (FORMAT.md), else four. A mark has all bits
 * set.
 */
#ifndef SGNS_SENTENCES_H
#define SGNS_SENTENCES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/spool.h"

enum { SENTENCES_MARGIN = 16 /* marks before and after the text, which may be read */ };

struct sentences {
    unsigned width;  /* bytes per id */
    uint64_t limit;  /* the most bytes of ids in memory */
    uint8_t *memory; /* ids in the machine's byte order, with a margin on each side */
    size_t capacity;
    bool spooled; /* memory holds only the `waiting` latest ids; all earlier ones are in the file */
    struct spool file;
    uint64_t waiting; /* ids in memory: all of them, unless spooled */
    uint64_t tokens;  /* including the marks */
    uint64_t count;   /* not including them: each is the centre word of an example */
    uint32_t
        first_word;  /* of the sentence that is being added, appended together with the second */
    uint64_t length; /* words so far of the sentence that is being added */
};

/* `width` is 2 or 4; `limit` is in bytes. On error there is nothing to release. */
int sentences_init(struct sentences *s, unsigned width, uint64_t limit, struct error *err) MUST_USE;
void sentences_release(struct sentences *s);

/* Adds `n` tokens of a corpus. */
int sentences_add(struct sentences *s, const uint32_t *token, size_t n, struct error *err) MUST_USE;
/* Must be called after the last of them. */
int sentences_finish(struct sentences *s, struct error *err) MUST_USE;

static inline uint32_t sentence_mark(unsigned width)
{
    return width == 2 ? UINT16_MAX : UINT32_MAX;
}

/* The element `index` of an array of ids of `width` bytes. */
static inline uint32_t id_at(const uint8_t *ids, int64_t index, unsigned width)
{
    return width == 2 ? ((const uint16_t *)(const void *)ids)[index]
                      : ((const uint32_t *)(const void *)ids)[index];
}

/* Reads `n` ids from a position on, of sentences in a file. Ids before the first and after the last
 * position are marks. */
int sentences_read(const struct sentences *s, int64_t position, size_t n, uint8_t *ids,
                   struct error *err) MUST_USE;

/* The ids from a position on, of sentences in memory. */
static inline const uint8_t *sentences_at(const struct sentences *s, uint64_t position)
{
    return s->memory + (SENTENCES_MARGIN + position) * s->width;
}

#endif

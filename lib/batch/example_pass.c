/* SPDX-License-Identifier: MIT */
#include "batch/example_pass.h"

#include <stdlib.h>

#include "base/memory.h"

/* The maximum size of a chunk of sentences: bytes of packed examples, and positions. */
enum { CHUNK_BYTES = 1 << 18, POSITIONS_MAX = 1 << 13 };

/* The numbers that are read from a store at a time. */
enum { STORE_READ = 1 << 16 };

/* ---- the source ---- */

uint64_t source_examples(const struct example_source *source)
{
    return source->text ? source->text->count : source->given->count;
}

uint64_t source_positions(const struct example_source *source)
{
    return source->text ? source->text->tokens : source->given->count;
}

uint64_t source_words(const struct example_source *source, const struct examples *e)
{
    const struct example_store *given = source->given;
    if (given)
        return given->log.count - 2 * given->count +
               examples_noise(e, given->undrawn, given->undrawn_contexts);
    uint64_t contexts = (uint64_t)e->options.window + 1; /* on average */
    return source->text->count * (contexts + examples_noise(e, 1, contexts));
}

double source_packed_size(const struct example_source *source, const struct examples *e)
{
    const struct example_store *given = source->given;
    if (given)
        return (double)given->count * (double)packed_size(e, 1) +
               (double)(given->log.count - 2 * given->count) * e->width;
    size_t average = packed_example_size_max(e) - (size_t)e->options.window * e->width;
    return (double)source->text->count * (double)average;
}

size_t source_packed_size_max(const struct example_source *source, const struct examples *e)
{
    return source->given ? packed_size(e, source->given->largest) : packed_example_size_max(e);
}

/* ---- life cycle ---- */

static unsigned members(const struct example_pass *p)
{
    return atomic_load(&p->team->members);
}

static int allocate_for_text(struct example_pass *p, struct error *err)
{
    size_t example = packed_example_size_max(p->from);
    p->positions =
        CHUNK_BYTES / example < POSITIONS_MAX ? (uint32_t)(CHUNK_BYTES / example) : POSITIONS_MAX;
    p->margin = p->from->options.window + SENTENCES_MARGIN;
    size_t ids = (size_t)p->chunks * p->positions + 2 * (size_t)p->margin;
    p->ids = memory_new_aligned(ids, p->from->width, err);
    if (!p->ids)
        return -1;
    for (unsigned i = 0; i < p->chunks; i++)
        if (memory_reserve(&p->chunk[i].packed, &p->chunk[i].capacity, p->positions * example, 1,
                           err) < 0)
            return -1;
    return 0;
}

int example_pass_init(struct example_pass *p, const struct examples *from,
                      const struct example_source *source, struct team *team, struct error *err)
{
    *p = (struct example_pass){.from = from, .source = *source, .team = team};
    p->chunks = source->text ? members(p) : 1;
    p->chunk = memory_new(p->chunks, sizeof *p->chunk, err);
    if (p->chunk && (source->given || allocate_for_text(p, err) == 0))
        return 0;
    example_pass_release(p);
    return -1;
}

void example_pass_release(struct example_pass *p)
{
    for (unsigned i = 0; p->chunk && i < p->chunks; i++)
        free(p->chunk[i].packed);
    free(p->chunk);
    free(p->ids);
    free(p->buffer);
    *p = (struct example_pass){0};
}

void example_pass_start(struct example_pass *p, uint64_t epoch)
{
    p->epoch = epoch;
    p->position = p->at = 0;
}

/* ---- sentences ---- */

static void pack_chunks(void *data)
{
    struct example_pass *p = data;
    const struct sentences *text = p->source.text;
    for (unsigned i; (i = atomic_fetch_add(&p->next, 1)) < p->chunks;) {
        uint64_t first = p->position + (uint64_t)i * p->positions;
        uint64_t left = first < text->tokens ? text->tokens - first : 0;
        const uint8_t *ids = p->ids + (p->margin + (size_t)i * p->positions) * p->from->width;
        p->chunk[i].size =
            examples_pack(p->from, p->epoch, ids, first,
                          left < p->positions ? (uint32_t)left : p->positions, p->chunk[i].packed);
    }
}

static int next_of_text(struct example_pass *p, struct error *err)
{
    const struct sentences *text = p->source.text;
    size_t ids = (size_t)p->chunks * p->positions;
    if (p->position >= text->tokens)
        return 0;
    if (sentences_read(text, (int64_t)p->position - p->margin, ids + 2 * (size_t)p->margin, p->ids,
                       err) < 0)
        return -1;
    atomic_store(&p->next, 0);
    team_run(p->team, pack_chunks, p);
    p->position = p->position + ids < text->tokens ? p->position + ids : text->tokens;
    return 1;
}

/* ---- a store ---- */

static int next_of_store(struct example_pass *p, struct error *err)
{
    const struct example_store *given = p->source.given;
    struct packed_chunk *chunk = &p->chunk[0];
    const uint32_t *stored;
    size_t size;
    if (p->at >= given->log.count)
        return 0;
    if (example_store_read(given, p->at, STORE_READ, &p->buffer, &p->capacity, &stored, &size,
                           err) < 0)
        return -1;
    uint64_t next = p->position;
    for (size_t i = 0; i < size; i += 1 + (size_t)example_ids(stored[i]))
        next++;
    uint64_t n = next - p->position;
    size_t bytes = n * packed_size(p->from, 0) + size * p->from->width;
    if (memory_reserve(&chunk->packed, &chunk->capacity, bytes, 1, err) < 0)
        return -1;
    chunk->size = examples_pack_stored(p->from, p->epoch, stored, given->new_id, p->position,
                                       (uint32_t)n, chunk->packed);
    p->position = next;
    p->at += size;
    return 1;
}

int example_pass_next(struct example_pass *p, struct error *err)
{
    return p->source.text ? next_of_text(p, err) : next_of_store(p, err);
}

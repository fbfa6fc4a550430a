/* SPDX-License-Identifier: MIT */
#include "batch/external_shuffle.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* A bucket has room for at least so many bytes that wait for the file, and at most so many. */
enum { WAITING_MIN = 1 << 12, WAITING_MAX = 1 << 20 };

/* Bytes of items in a thread's chunk, at most, and positions. */
enum { CHUNK = 1 << 18, POSITIONS_MAX = 1 << 13 };

/* Of a slice's refs the parts that threads sort. */
enum { RUN_BITS = 8, RUNS = 1 << RUN_BITS };

/* What an item in a slice takes beside itself. */
enum { PER_ITEM = 2 * sizeof(struct example_ref) };

/* ---- life cycle ---- */

static unsigned members(const struct external_shuffle *s)
{
    return atomic_load(&s->team->members);
}

static uint64_t buckets(const struct external_shuffle *s)
{
    return s->from->options.shuffle ? (uint64_t)1 << s->bits : 0;
}

/* Bytes of items and their refs that a slice may have; a quarter of the memory is for the
 * buckets, another for what the estimate of an item's size leaves out. */
static uint64_t slice_limit(const struct external_shuffle *s)
{
    return s->options.memory / 2;
}

/* As many buckets as it takes for each to fit a slice, and as can have a buffer. */
static void choose_buckets(struct external_shuffle *s)
{
    const struct examples_options *o = &s->from->options;
    size_t item = packed_example_size_max(s->from);
    double all =
        (double)s->text->count * (double)(PER_ITEM + item - (size_t)o->window * s->from->width);
    uint64_t buffers = s->options.memory / 4;
    size_t least = item > WAITING_MIN ? item : WAITING_MIN;
    while (s->bits < 40 && all / (double)((uint64_t)1 << s->bits) > (double)slice_limit(s) &&
           buffers >> (s->bits + 1) >= least)
        s->bits++;
    uint64_t each = buffers >> s->bits;
    s->waiting_size = each < least ? least : each < WAITING_MAX ? each : WAITING_MAX;
}

static int allocate(struct external_shuffle *s, struct error *err)
{
    size_t item = packed_example_size_max(s->from);
    s->positions = CHUNK / item < POSITIONS_MAX ? (uint32_t)(CHUNK / item) : POSITIONS_MAX;
    s->margin = s->from->options.window + SENTENCES_MARGIN;
    size_t ids = (size_t)members(s) * s->positions + 2 * (size_t)s->margin;
    s->ids = memory_new_aligned(ids, s->from->width, err);
    s->chunk = memory_new(members(s), sizeof *s->chunk, err);
    s->bucket = memory_new(buckets(s), sizeof *s->bucket, err);
    s->run = memory_new(RUNS + 1, sizeof *s->run, err);
    if (!s->ids || !s->chunk || !s->bucket || !s->run)
        return -1;
    for (unsigned i = 0; i < members(s); i++)
        if (!(s->chunk[i].items = memory_new(s->positions, item, err)))
            return -1;
    for (uint64_t i = 0; i < buckets(s); i++)
        if (!(s->bucket[i].waiting = memory_new(s->waiting_size, 1, err)))
            return -1;
    return 0;
}

int external_shuffle_init(struct external_shuffle *s, const struct examples *from,
                          const struct sentences *text,
                          const struct external_shuffle_options *options, struct team *team,
                          struct error *err)
{
    *s = (struct external_shuffle){.from = from, .text = text, .team = team, .options = *options};
    if (spool_open(&s->file, err) < 0)
        return -1;
    choose_buckets(s);
    if (allocate(s, err) < 0) {
        external_shuffle_release(s);
        return -1;
    }
    return 0;
}

void external_shuffle_release(struct external_shuffle *s)
{
    if (!s->team)
        return;
    for (unsigned i = 0; s->chunk && i < members(s); i++)
        free(s->chunk[i].items);
    for (uint64_t i = 0; s->bucket && i < buckets(s); i++) {
        free(s->bucket[i].waiting);
        free(s->bucket[i].extent);
    }
    free(s->ids);
    free(s->chunk);
    free(s->bucket);
    free(s->run);
    free(s->items);
    free(s->ref);
    free(s->unsorted);
    spool_close(&s->file);
    *s = (struct external_shuffle){0};
}

/* ---- the pass over the text ---- */

static void pack_chunks(void *data)
{
    struct external_shuffle *s = data;
    for (unsigned i; (i = atomic_fetch_add(&s->next, 1)) < members(s);) {
        uint64_t first = s->position + (uint64_t)i * s->positions;
        uint64_t left = first < s->text->tokens ? s->text->tokens - first : 0;
        const uint8_t *ids = s->ids + (s->margin + (size_t)i * s->positions) * s->from->width;
        s->chunk[i].size =
            examples_pack(s->from, s->epoch, ids, first,
                          left < s->positions ? (uint32_t)left : s->positions, s->chunk[i].items);
    }
}

/* Packs the examples of the next positions, in their order, into the stretches. Returns 1, or 0
 * where the text is at its end and there are none, or −1. */
static int pack_next(struct external_shuffle *s, struct error *err)
{
    size_t ids = (size_t)members(s) * s->positions;
    if (s->position >= s->text->tokens)
        return 0;
    if (sentences_read(s->text, (int64_t)s->position - s->margin, ids + 2 * (size_t)s->margin,
                       s->ids, err) < 0)
        return -1;
    atomic_store(&s->next, 0);
    team_run(s->team, pack_chunks, s);
    s->position += ids;
    return 1;
}

/* ---- buckets ---- */

static int flush(struct external_shuffle *s, struct bucket *b, struct error *err)
{
    if (memory_reserve(&b->extent, &b->extents_capacity, b->extents + 1, sizeof *b->extent, err) <
        0)
        return -1;
    b->extent[b->extents++] = (struct extent){s->file.size, b->waiting_size};
    int result = spool_append(&s->file, b->waiting, b->waiting_size, err);
    b->waiting_size = 0;
    return result;
}

static uint64_t first_bits(uint64_t key, unsigned bits)
{
    return bits > 0 ? key >> (64 - bits) : 0;
}

static int scatter_chunk(struct external_shuffle *s, const struct packed_chunk *chunk,
                         struct error *err)
{
    size_t size;
    for (size_t at = 0; at < chunk->size; at += size) {
        const uint8_t *item = chunk->items + at;
        struct bucket *b = &s->bucket[first_bits(packed_example_key(item), s->bits)];
        size = packed_example_size(s->from, item);
        if (b->waiting_size + size > s->waiting_size && flush(s, b, err) < 0)
            return -1;
        memcpy(b->waiting + b->waiting_size, item, size);
        b->waiting_size += size;
        b->size += size;
        b->items++;
    }
    return 0;
}

int external_shuffle_start(struct external_shuffle *s, uint64_t epoch, struct error *err)
{
    s->epoch = epoch;
    s->position = s->refs = s->items_size = 0;
    s->at = s->part = s->parts = 0;
    if (!s->from->options.shuffle)
        return 0;
    for (uint64_t i = 0; i < buckets(s); i++) {
        struct bucket *b = &s->bucket[i];
        b->items = b->size = 0;
        b->waiting_size = b->extents = 0;
    }
    if (spool_clear(&s->file, err) < 0)
        return -1;
    int more;
    while ((more = pack_next(s, err)) > 0)
        for (unsigned i = 0; i < members(s); i++)
            if (scatter_chunk(s, &s->chunk[i], err) < 0)
                return -1;
    return more;
}

/* ---- slices ---- */

/* Makes the examples that were not used the first of the next slice. */
static int hold(struct external_shuffle *s, uint64_t used, struct error *err)
{
    uint64_t held = s->refs - used, size = 0;
    for (uint64_t i = 0; i < held; i++)
        size += packed_example_size(s->from, s->items + s->ref[used + i].at);
    uint8_t *copy = memory_new(size, 1, err);
    if (!copy)
        return -1;
    size = 0;
    for (uint64_t i = 0; i < held; i++) {
        const uint8_t *item = s->items + s->ref[used + i].at;
        s->ref[i] = (struct example_ref){s->ref[used + i].key, size};
        memcpy(copy + size, item, packed_example_size(s->from, item));
        size += packed_example_size(s->from, item);
    }
    if (size > 0)
        memcpy(s->items, copy, size);
    free(copy);
    s->items_size = size;
    s->refs = held;
    return 0;
}

/* The part of its bucket's keys that a key is in. */
static uint64_t part_of(const struct external_shuffle *s, uint64_t key)
{
    return random_below(key << s->bits, s->parts);
}

/* Room for `size` more bytes of items. */
static int reserve_items(struct external_shuffle *s, size_t size, struct error *err)
{
    return memory_reserve(&s->items, &s->items_capacity, s->items_size + size, 1, err);
}

/* Of the items that were put behind those of the slice, `size` bytes, takes in those of this part;
 * `held` are the refs that are held over. */
static int take(struct external_shuffle *s, size_t size, uint64_t held, struct error *err)
{
    const uint8_t *item = s->items + s->items_size, *end = item + size;
    while (item < end) {
        size_t n = packed_example_size(s->from, item);
        uint64_t key = packed_example_key(item), ref = s->refs - held;
        if (s->parts == 1 || part_of(s, key) == s->part) {
            if (ref == s->unsorted_capacity &&
                memory_reserve(&s->unsorted, &s->unsorted_capacity, ref + 1, sizeof *s->unsorted,
                               err) < 0)
                return -1;
            s->unsorted[ref] = (struct example_ref){key, s->items_size};
            if (item != s->items + s->items_size) /* some before it were of other parts */
                memmove(s->items + s->items_size, item, n);
            s->items_size += n;
            s->refs++;
        }
        item += n;
    }
    return 0;
}

/* Reads the items of the bucket that are in its part. */
static int load(struct external_shuffle *s, const struct bucket *b, uint64_t held,
                struct error *err)
{
    for (size_t i = 0; i < b->extents; i++)
        if (reserve_items(s, b->extent[i].size, err) < 0 ||
            spool_read(&s->file, s->items + s->items_size, b->extent[i].size, b->extent[i].offset,
                       err) < 0 ||
            take(s, b->extent[i].size, held, err) < 0)
            return -1;
    if (reserve_items(s, b->waiting_size, err) < 0)
        return -1;
    memcpy(s->items + s->items_size, b->waiting, b->waiting_size);
    return take(s, b->waiting_size, held, err);
}

static void sort_runs(void *data)
{
    struct external_shuffle *s = data;
    for (unsigned i; (i = atomic_fetch_add(&s->next, 1)) < RUNS;)
        shuffle_sort(s->ref + s->run[i], s->run[i + 1] - s->run[i], s->bits + RUN_BITS,
                     s->unsorted + s->run[i] - s->run[0]);
}

/* Puts the refs of the slice that are not `held` in order: into runs by the next bits of their
 * keys, and these by threads. Items were scattered by position, so that of equal keys the one that
 * stands first is to come first. */
static int sort(struct external_shuffle *s, uint64_t held, struct error *err)
{
    const uint64_t n = s->refs - held;
    if (memory_reserve(&s->ref, &s->ref_capacity, s->refs, sizeof *s->ref, err) < 0)
        return -1;
    uint64_t next[RUNS] = {0}, sum = held;
    for (uint64_t i = 0; i < n; i++)
        next[first_bits(s->unsorted[i].key << s->bits, RUN_BITS)]++;
    for (unsigned i = 0; i < RUNS; i++) {
        s->run[i] = sum;
        sum += next[i];
        next[i] = s->run[i];
    }
    s->run[RUNS] = sum;
    for (uint64_t i = 0; i < n; i++)
        s->ref[next[first_bits(s->unsorted[i].key << s->bits, RUN_BITS)]++] = s->unsorted[i];
    atomic_store(&s->next, 0);
    team_run(s->team, sort_runs, s);
    return 0;
}

static int next_shuffled(struct external_shuffle *s, struct error *err)
{
    const uint64_t held = s->refs;
    while (s->at < buckets(s) && s->refs == held) {
        const struct bucket *b = &s->bucket[s->at];
        if (s->part == 0)
            s->parts = 1 + (b->size + b->items * PER_ITEM) / slice_limit(s);
        if (b->items > 0 && load(s, b, held, err) < 0)
            return -1;
        if (++s->part < s->parts)
            continue;
        s->part = 0;
        s->at++;
    }
    return sort(s, held, err) < 0 ? -1 : s->at < buckets(s);
}

/* Takes in some more in any case: those that are held may be fewer than a unit. */
static int next_straight(struct external_shuffle *s, struct error *err)
{
    const uint64_t held = s->refs;
    int more = 1;
    while ((s->refs == held || s->items_size + s->refs * PER_ITEM < slice_limit(s)) &&
           (more = pack_next(s, err)) > 0)
        for (unsigned i = 0; i < members(s); i++) {
            const struct packed_chunk *chunk = &s->chunk[i];
            if (reserve_items(s, chunk->size, err) < 0)
                return -1;
            for (size_t at = 0; at < chunk->size;
                 at += packed_example_size(s->from, chunk->items + at)) {
                if (memory_reserve(&s->ref, &s->ref_capacity, s->refs + 1, sizeof *s->ref, err) < 0)
                    return -1;
                s->ref[s->refs++] = (struct example_ref){0, s->items_size + at};
            }
            memcpy(s->items + s->items_size, chunk->items, chunk->size);
            s->items_size += chunk->size;
        }
    return more;
}

int external_shuffle_next(struct external_shuffle *s, uint64_t used, struct error *err)
{
    if (hold(s, used, err) < 0)
        return -1;
    return s->from->options.shuffle ? next_shuffled(s, err) : next_straight(s, err);
}

/* SPDX-License-Identifier: MIT */
#include "batch/external_shuffle.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* The minimum and maximum size of a bucket's buffer, in bytes. */
enum { BUFFER_MIN = 1 << 12, BUFFER_MAX = 1 << 20 };

/* The refs of a slice are divided into runs, which threads sort. */
enum { RUN_BITS = 8, RUNS = 1 << RUN_BITS };

/* Bytes of refs per example of a slice: sorted and unsorted. */
enum { REF_BYTES = 2 * sizeof(struct example_ref) };

/* ---- life cycle ---- */

static uint64_t buckets(const struct external_shuffle *s)
{
    return s->from->options.shuffle ? (uint64_t)1 << s->bits : 0;
}

/* The limit in bytes for the examples of a slice and their refs. One quarter of the memory is for
 * the buckets, another is a reserve, since the size of an example is only estimated. */
static uint64_t slice_limit(const struct external_shuffle *s)
{
    return s->options.memory / 2;
}

/* As many buckets as are needed for each to fit in a slice, but no more than can have a buffer of
 * the minimum size. */
static void choose_buckets(struct external_shuffle *s)
{
    const struct example_source *source = &s->pass.source;
    size_t example = source_packed_size_max(source, s->from);
    double all = (double)source_examples(source) * REF_BYTES + source_packed_size(source, s->from);
    uint64_t buffers = s->options.memory / 4;
    size_t least = example > BUFFER_MIN ? example : BUFFER_MIN;
    while (s->bits < 40 && all / (double)((uint64_t)1 << s->bits) > (double)slice_limit(s) &&
           buffers >> (s->bits + 1) >= least)
        s->bits++;
    uint64_t each = buffers >> s->bits;
    s->buffer_capacity = each < least ? least : each < BUFFER_MAX ? each : BUFFER_MAX;
}

static int allocate(struct external_shuffle *s, struct error *err)
{
    s->bucket = memory_new(buckets(s), sizeof *s->bucket, err);
    s->run = memory_new(RUNS + 1, sizeof *s->run, err);
    if (!s->bucket || !s->run)
        return -1;
    for (uint64_t i = 0; i < buckets(s); i++)
        if (!(s->bucket[i].buffer = memory_new(s->buffer_capacity, 1, err)))
            return -1;
    return 0;
}

int external_shuffle_init(struct external_shuffle *s, const struct examples *from,
                          const struct example_source *source,
                          const struct external_shuffle_options *options, struct team *team,
                          struct error *err)
{
    *s = (struct external_shuffle){.from = from, .options = *options};
    if (spool_open(&s->file, err) < 0)
        return -1;
    s->team = team;
    if (example_pass_init(&s->pass, from, source, team, err) == 0) {
        choose_buckets(s);
        if (allocate(s, err) == 0)
            return 0;
    }
    external_shuffle_release(s);
    return -1;
}

void external_shuffle_release(struct external_shuffle *s)
{
    if (!s->team)
        return;
    for (uint64_t i = 0; s->bucket && i < buckets(s); i++) {
        free(s->bucket[i].buffer);
        free(s->bucket[i].extent);
    }
    example_pass_release(&s->pass);
    free(s->bucket);
    free(s->run);
    free(s->packed);
    free(s->ref);
    free(s->unsorted);
    spool_close(&s->file);
    *s = (struct external_shuffle){0};
}

/* ---- buckets ---- */

static int flush(struct external_shuffle *s, struct bucket *b, struct error *err)
{
    if (memory_reserve(&b->extent, &b->extents_capacity, b->extents + 1, sizeof *b->extent, err) <
        0)
        return -1;
    b->extent[b->extents++] = (struct extent){s->file.size, b->buffered};
    int result = spool_append(&s->file, b->buffer, b->buffered, err);
    b->buffered = 0;
    return result;
}

static uint64_t first_bits(uint64_t key, unsigned bits)
{
    return bits > 0 ? key >> (64 - bits) : 0;
}

static int distribute_chunk(struct external_shuffle *s, const struct packed_chunk *chunk,
                            struct error *err)
{
    size_t size;
    for (size_t at = 0; at < chunk->size; at += size) {
        const uint8_t *example = chunk->packed + at;
        struct bucket *b = &s->bucket[first_bits(packed_example_key(example), s->bits)];
        size = packed_example_size(s->from, example);
        if (b->buffered + size > s->buffer_capacity && flush(s, b, err) < 0)
            return -1;
        memcpy(b->buffer + b->buffered, example, size);
        b->buffered += size;
        b->size += size;
        b->examples++;
    }
    return 0;
}

int external_shuffle_start(struct external_shuffle *s, uint64_t epoch, struct error *err)
{
    example_pass_start(&s->pass, epoch);
    s->refs = s->packed_size = 0;
    s->current = s->part = s->parts = 0;
    if (!s->from->options.shuffle)
        return 0;
    for (uint64_t i = 0; i < buckets(s); i++) {
        struct bucket *b = &s->bucket[i];
        b->examples = b->size = 0;
        b->buffered = b->extents = 0;
    }
    if (spool_clear(&s->file, err) < 0)
        return -1;
    int more;
    while ((more = example_pass_next(&s->pass, err)) > 0) {
        for (unsigned i = 0; i < s->pass.chunks; i++)
            if (distribute_chunk(s, &s->pass.chunk[i], err) < 0)
                return -1;
        if (s->options.progress)
            s->options.progress(s->options.data, s->pass.position);
    }
    return more;
}

/* ---- slices ---- */

/* Makes the examples that were not used the first ones of the next slice. */
static int carry_over(struct external_shuffle *s, uint64_t used, struct error *err)
{
    uint64_t carried = s->refs - used, size = 0;
    for (uint64_t i = 0; i < carried; i++)
        size += packed_example_size(s->from, s->packed + s->ref[used + i].at);
    uint8_t *copy = memory_new(size, 1, err);
    if (!copy)
        return -1;
    size = 0;
    for (uint64_t i = 0; i < carried; i++) {
        const uint8_t *example = s->packed + s->ref[used + i].at;
        s->ref[i] = (struct example_ref){s->ref[used + i].key, size};
        memcpy(copy + size, example, packed_example_size(s->from, example));
        size += packed_example_size(s->from, example);
    }
    if (size > 0)
        memcpy(s->packed, copy, size);
    free(copy);
    s->packed_size = size;
    s->refs = carried;
    return 0;
}

/* Which part of its bucket a key belongs to. */
static uint64_t part_of(const struct external_shuffle *s, uint64_t key)
{
    return random_below(key << s->bits, s->parts);
}

/* Makes room for `size` more bytes of packed examples. */
static int reserve_packed(struct external_shuffle *s, size_t size, struct error *err)
{
    return memory_reserve(&s->packed, &s->packed_capacity, s->packed_size + size, 1, err);
}

/* Of the `size` bytes of packed examples after those of the slice, adds the examples of the current
 * part to the slice. `carried` is the number of refs carried over. */
static int select_part(struct external_shuffle *s, size_t size, uint64_t carried, struct error *err)
{
    const uint8_t *example = s->packed + s->packed_size, *end = example + size;
    while (example < end) {
        size_t n = packed_example_size(s->from, example);
        uint64_t key = packed_example_key(example), ref = s->refs - carried;
        if (s->parts == 1 || part_of(s, key) == s->part) {
            if (ref == s->unsorted_capacity &&
                memory_reserve(&s->unsorted, &s->unsorted_capacity, ref + 1, sizeof *s->unsorted,
                               err) < 0)
                return -1;
            s->unsorted[ref] = (struct example_ref){key, s->packed_size};
            if (example != s->packed + s->packed_size) /* close the gap left by other parts */
                memmove(s->packed + s->packed_size, example, n);
            s->packed_size += n;
            s->refs++;
        }
        example += n;
    }
    return 0;
}

/* Reads the bucket, and adds the examples of the current part to the slice. */
static int load_bucket(struct external_shuffle *s, const struct bucket *b, uint64_t carried,
                       struct error *err)
{
    for (size_t i = 0; i < b->extents; i++)
        if (reserve_packed(s, b->extent[i].size, err) < 0 ||
            spool_read(&s->file, s->packed + s->packed_size, b->extent[i].size, b->extent[i].offset,
                       err) < 0 ||
            select_part(s, b->extent[i].size, carried, err) < 0)
            return -1;
    if (reserve_packed(s, b->buffered, err) < 0)
        return -1;
    memcpy(s->packed + s->packed_size, b->buffer, b->buffered);
    return select_part(s, b->buffered, carried, err);
}

static void sort_runs(void *data)
{
    struct external_shuffle *s = data;
    for (unsigned i; (i = atomic_fetch_add(&s->next, 1)) < RUNS;)
        shuffle_sort(s->ref + s->run[i], s->run[i + 1] - s->run[i], s->bits + RUN_BITS,
                     s->unsorted + s->run[i] - s->run[0]);
}

/* Sorts the refs of the slice after those carried over: divides them into runs by the next bits
 * of their keys; threads sort the runs. Examples were distributed in the order of their
 * positions, so that sorting equal keys by offset sorts them by position. */
static int sort_slice(struct external_shuffle *s, uint64_t carried, struct error *err)
{
    const uint64_t n = s->refs - carried;
    if (memory_reserve(&s->ref, &s->ref_capacity, s->refs, sizeof *s->ref, err) < 0)
        return -1;
    uint64_t next[RUNS] = {0}, sum = carried;
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
    const uint64_t carried = s->refs;
    while (s->current < buckets(s) && s->refs == carried) {
        const struct bucket *b = &s->bucket[s->current];
        if (s->part == 0)
            s->parts = 1 + (b->size + b->examples * REF_BYTES) / slice_limit(s);
        if (b->examples > 0 && load_bucket(s, b, carried, err) < 0)
            return -1;
        if (++s->part < s->parts)
            continue;
        s->part = 0;
        s->current++;
    }
    return sort_slice(s, carried, err) < 0 ? -1 : s->current < buckets(s);
}

/* Always adds new examples: those carried over may be fewer than a unit of the batcher. */
static int next_unshuffled(struct external_shuffle *s, struct error *err)
{
    const uint64_t carried = s->refs;
    int more = 1;
    while ((s->refs == carried || s->packed_size + s->refs * REF_BYTES < slice_limit(s)) &&
           (more = example_pass_next(&s->pass, err)) > 0)
        for (unsigned i = 0; i < s->pass.chunks; i++) {
            const struct packed_chunk *chunk = &s->pass.chunk[i];
            if (reserve_packed(s, chunk->size, err) < 0)
                return -1;
            for (size_t at = 0; at < chunk->size;
                 at += packed_example_size(s->from, chunk->packed + at)) {
                if (memory_reserve(&s->ref, &s->ref_capacity, s->refs + 1, sizeof *s->ref, err) < 0)
                    return -1;
                s->ref[s->refs++] = (struct example_ref){0, s->packed_size + at};
            }
            memcpy(s->packed + s->packed_size, chunk->packed, chunk->size);
            s->packed_size += chunk->size;
        }
    return more;
}

int external_shuffle_next(struct external_shuffle *s, uint64_t used, struct error *err)
{
    if (carry_over(s, used, err) < 0)
        return -1;
    return s->from->options.shuffle ? next_shuffled(s, err) : next_unshuffled(s, err);
}

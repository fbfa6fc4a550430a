/* SPDX-License-Identifier: MIT */
#include "text/pair_counter.h"

#include <stdlib.h>

#include "base/memory.h"

/* Pairs that are looked up together: their slots are prefetched. */
enum { GROUP = 32 };

enum { SLOTS_MIN = 2 * GROUP };

/* The fewest entries of a run that are read at a time. */
enum { RUN_READ_MIN = 64 };

/* A sorted part of a file, and how far it has been merged. */
struct pair_run {
    uint64_t offset, left;     /* in the file: bytes, and entries that were not read yet */
    struct pair_count *buffer; /* entries next … end − 1 were read and not merged yet */
    size_t next, end;
};

/* ---- tables ---- */

static struct pair_count *new_table(size_t slots, struct error *err)
{
    struct pair_count *slot = memory_new(slots, sizeof *slot, err);
    for (size_t i = 0; slot && i < slots; i++)
        slot[i].pair = NO_PAIR;
    return slot;
}

static struct pair_count *probe(struct pair_count *slot, size_t mask, uint64_t hash, uint64_t pair)
{
    size_t at = hash & mask;
    while (slot[at].pair != pair && slot[at].pair != NO_PAIR)
        at = (at + 1) & mask;
    return &slot[at];
}

static int grow(const struct pair_counter *c, struct pair_part *p, struct error *err)
{
    size_t slots = 2 * (p->mask + 1);
    struct pair_count *slot = new_table(slots, err);
    if (!slot)
        return -1;
    for (size_t i = 0; i <= p->mask; i++)
        if (p->slot[i].pair != NO_PAIR)
            *probe(slot, slots - 1, pair_hash(&c->secret, p->slot[i].pair), p->slot[i].pair) =
                p->slot[i];
    free(p->slot);
    p->slot = slot;
    p->mask = slots - 1;
    return 0;
}

static int by_pair(const void *left, const void *right)
{
    const struct pair_count *a = left, *b = right;
    return (a->pair > b->pair) - (a->pair < b->pair);
}

/* Writes the table to the file as a run, and empties it. */
static int spill(struct pair_part *p, struct error *err)
{
    size_t n = 0;
    if (!p->spilled && spool_open(&p->file, err) < 0)
        return -1;
    p->spilled = true;
    if (memory_reserve(&p->run, &p->run_capacity, p->runs + 1, sizeof *p->run, err) < 0)
        return -1;
    for (size_t i = 0; i <= p->mask; i++)
        if (p->slot[i].pair != NO_PAIR)
            p->slot[n++] = p->slot[i];
    qsort(p->slot, n, sizeof *p->slot, by_pair);
    p->run[p->runs++] = (struct pair_run){.offset = p->file.size, .left = n};
    if (spool_append(&p->file, p->slot, n * sizeof *p->slot, err) < 0)
        return -1;
    for (size_t i = 0; i <= p->mask; i++)
        p->slot[i].pair = NO_PAIR;
    p->used = 0;
    return 0;
}

/* Makes room for GROUP more pairs. While a table grows there are two. */
static int make_room(const struct pair_counter *c, struct pair_part *p, struct error *err)
{
    size_t slots = p->mask + 1;
    if (p->used + GROUP <= slots / 4 * 3)
        return 0;
    return 3 * slots * sizeof *p->slot <= c->limit ? grow(c, p, err) : spill(p, err);
}

/* ---- counting ---- */

static int count_part(const struct pair_counter *c, struct pair_part *p, unsigned number,
                      struct error *err)
{
    struct pair_count group[GROUP]; /* the count is the hash */
    for (size_t i = 0; i < c->pairs;) {
        unsigned n = 0;
        if (make_room(c, p, err) < 0)
            return -1;
        for (; i < c->pairs && n < GROUP; i++) {
            uint64_t hash = pair_hash(&c->secret, c->pair[i]);
            if (c->parts > 1 && random_below(hash, c->parts) != number)
                continue;
            __builtin_prefetch(&p->slot[hash & p->mask], 1);
            group[n++] = (struct pair_count){c->pair[i], hash};
        }
        for (unsigned j = 0; j < n; j++) {
            struct pair_count *slot = probe(p->slot, p->mask, group[j].count, group[j].pair);
            if (slot->pair == NO_PAIR) {
                *slot = (struct pair_count){group[j].pair, 0};
                p->used++;
            }
            slot->count++;
        }
    }
    return 0;
}

static void count_member(void *data)
{
    struct pair_counter *c = data;
    struct pair_part *p = &c->part[team_member()];
    p->failed = count_part(c, p, team_member(), &p->error) < 0;
}

int pair_counter_add(struct pair_counter *c, const uint64_t *pair, size_t n, struct error *err)
{
    c->pair = pair;
    c->pairs = n;
    team_run(c->team, count_member, c);
    for (unsigned i = 0; i < c->parts; i++)
        if (c->part[i].failed) {
            *err = c->part[i].error;
            return -1;
        }
    return 0;
}

/* ---- life cycle ---- */

int pair_counter_init(struct pair_counter *c, struct team *team, uint64_t memory, struct error *err)
{
    *c = (struct pair_counter){.team = team, .parts = atomic_load(&team->members)};
    c->limit = memory / c->parts;
    if (pair_secret_draw(&c->secret, err) < 0)
        return -1;
    c->part = memory_new(c->parts, sizeof *c->part, err);
    for (unsigned i = 0; c->part && i < c->parts; i++) {
        c->part[i].mask = SLOTS_MIN - 1;
        c->part[i].slot = new_table(SLOTS_MIN, err);
        if (!c->part[i].slot) {
            pair_counter_release(c);
            return -1;
        }
    }
    return c->part ? 0 : -1;
}

static void release_runs(struct pair_part *p)
{
    for (size_t i = 0; i < p->runs; i++)
        free(p->run[i].buffer);
    p->runs = 0;
}

void pair_counter_release(struct pair_counter *c)
{
    for (unsigned i = 0; c->part && i < c->parts; i++) {
        struct pair_part *p = &c->part[i];
        release_runs(p);
        free(p->run);
        free(p->slot);
        if (p->spilled)
            spool_close(&p->file);
    }
    free(c->part);
    *c = (struct pair_counter){0};
}

/* ---- merging ---- */

typedef int visitor(void *data, const struct pair_count *pair, struct error *err);

/* Reads the next entries of a run, `size` at most, if all that were read are merged. */
static int refill(const struct pair_part *p, struct pair_run *r, size_t size, struct error *err)
{
    if (r->next < r->end || r->left == 0)
        return 0;
    if (!r->buffer && !(r->buffer = memory_new(size, sizeof *r->buffer, err)))
        return -1;
    size_t n = r->left < size ? (size_t)r->left : size;
    if (spool_read(&p->file, r->buffer, n * sizeof *r->buffer, r->offset, err) < 0)
        return -1;
    r->offset += n * sizeof *r->buffer;
    r->left -= n;
    r->next = 0;
    r->end = n;
    return 0;
}

static bool precedes(const struct pair_run *a, const struct pair_run *b)
{
    return a->buffer[a->next].pair < b->buffer[b->next].pair;
}

/* Restores the heap of `n` runs, whose root may be too large. */
static void sift(struct pair_run *run, size_t n)
{
    for (size_t at = 0, least; 2 * at + 1 < n; at = least) {
        least = 2 * at + 1;
        if (least + 1 < n && precedes(&run[least + 1], &run[least]))
            least++;
        if (!precedes(&run[least], &run[at]))
            return;
        struct pair_run moved = run[at];
        run[at] = run[least];
        run[least] = moved;
    }
}

static int by_first_pair(const void *left, const void *right)
{
    const struct pair_run *a = left, *b = right;
    return precedes(b, a) - precedes(a, b);
}

/* Visits the sums of all runs. An array that is sorted is a heap. */
static int merge(struct pair_part *p, size_t size, visitor *visit, void *data, struct error *err)
{
    for (size_t i = 0; i < p->runs; i++)
        if (refill(p, &p->run[i], size, err) < 0)
            return -1;
    qsort(p->run, p->runs, sizeof *p->run, by_first_pair);
    struct pair_count sum = {NO_PAIR, 0};
    for (size_t n = p->runs; n > 0; sift(p->run, n)) {
        struct pair_run *r = &p->run[0];
        struct pair_count next = r->buffer[r->next++];
        if (next.pair != sum.pair) {
            if (sum.count > 0 && visit(data, &sum, err) < 0)
                return -1;
            sum = (struct pair_count){next.pair, 0};
        }
        sum.count += next.count;
        if (refill(p, r, size, err) < 0)
            return -1;
        if (r->next == r->end) { /* the run has ended: it goes to the end of the array */
            struct pair_run ended = *r;
            *r = p->run[--n];
            p->run[n] = ended;
        }
    }
    return sum.count > 0 ? visit(data, &sum, err) : 0;
}

static int take_part(const struct pair_counter *c, struct pair_part *p, visitor *visit, void *data,
                     struct error *err)
{
    if (p->spilled) {
        if (p->used > 0 && spill(p, err) < 0)
            return -1;
        uint64_t each = c->limit / sizeof(struct pair_count) / (p->runs ? p->runs : 1);
        if (merge(p, each > RUN_READ_MIN ? (size_t)each : RUN_READ_MIN, visit, data, err) < 0)
            return -1;
        release_runs(p);
        return spool_clear(&p->file, err);
    }
    for (size_t i = 0; i <= p->mask; i++) {
        if (p->slot[i].pair != NO_PAIR && visit(data, &p->slot[i], err) < 0)
            return -1;
        p->slot[i].pair = NO_PAIR;
    }
    p->used = 0;
    return 0;
}

int pair_counter_take(struct pair_counter *c, visitor *visit, void *data, struct error *err)
{
    for (unsigned i = 0; i < c->parts; i++)
        if (take_part(c, &c->part[i], visit, data, err) < 0)
            return -1;
    return 0;
}

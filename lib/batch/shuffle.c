/* SPDX-License-Identifier: MIT */
#include "batch/shuffle.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"

/* A bin is to fit a processor's nearest cache; but their number is limited, since each thread counts
 * all of them. */
enum { BIN_PLACES = 512, BIN_BITS_MAX = 16 };

/* Bits that are sorted by at a time, and how many places insertion is good for. */
enum { DIGIT_MAX = 12, FEW = 16 };

/* ---- sorting ---- */

static bool precedes(const struct place *a, const struct place *b)
{
    return a->key < b->key || (a->key == b->key && a->at < b->at);
}

/* Where nearly all are near their place. */
static void sort_by_insertion(struct place *place, uint64_t n)
{
    for (uint64_t i = 1; i < n; i++) {
        struct place moved = place[i];
        uint64_t to = i;
        for (; to > 0 && precedes(&moved, &place[to - 1]); to--)
            place[to] = place[to - 1];
        place[to] = moved;
    }
}

static unsigned whole_log2(uint64_t n)
{
    return n > 1 ? 63 - (unsigned)__builtin_clzll(n) : 0;
}

/* By the first bits that may differ, then each part by itself. */
static void sort_by_digit(struct place *place, uint64_t n, unsigned bits, unsigned digit,
                          struct place *scratch)
{
    const unsigned shift = 64 - bits - digit;
    const uint32_t mask = (1u << digit) - 1;
    uint64_t end[1 << DIGIT_MAX];
    memset(end, 0, sizeof *end << digit);
    for (uint64_t i = 0; i < n; i++)
        end[place[i].key >> shift & mask]++;
    uint64_t sum = 0;
    for (uint32_t i = 0; i <= mask; i++) {
        uint64_t here = end[i];
        end[i] = sum;
        sum += here;
    }
    for (uint64_t i = 0; i < n; i++)
        scratch[end[place[i].key >> shift & mask]++] = place[i];
    memcpy(place, scratch, n * sizeof *place);
    for (uint32_t i = 0; i <= mask && n >> digit > FEW; i++) {
        uint64_t start = i > 0 ? end[i - 1] : 0;
        order_sort(place + start, end[i] - start, bits + digit, scratch);
    }
}

void order_sort(struct place *place, uint64_t n, unsigned bits, struct place *scratch)
{
    unsigned digit = whole_log2(n) < DIGIT_MAX ? whole_log2(n) : DIGIT_MAX;
    if (digit > 64 - bits)
        digit = 64 - bits;
    if (digit > 0)
        sort_by_digit(place, n, bits, digit, scratch);
    sort_by_insertion(place, n);
}

void order_keys(uint64_t seed, uint64_t epoch, uint64_t block, uint32_t n, struct random_words *key)
{
    struct random_at at[ORDER_KEYS];
    for (uint32_t i = 0; i < n; i++)
        at[i] = (struct random_at){block + i, 0};
    random_blocks(key, seed, RANDOM_SHUFFLE, at, n, epoch);
}

/* ---- life cycle ---- */

static uint64_t bins(const struct order *o)
{
    return (uint64_t)1 << o->bits;
}

static unsigned members(const struct order *o)
{
    return atomic_load(&o->team->members);
}

static int reserve_places(struct order *o, uint64_t n, struct error *err)
{
    return memory_reserve(&o->place, &o->place_capacity, n, sizeof *o->place, err);
}

int order_init(struct order *o, const struct sentences *text, const struct order_options *options,
               struct team *team, struct error *err)
{
    *o = (struct order){.text = text, .team = team, .options = *options};
    o->bits = 1 + whole_log2(text->count / BIN_PLACES);
    if (o->bits > BIN_BITS_MAX)
        o->bits = BIN_BITS_MAX;
    uint64_t most = o->options.capacity < text->count ? o->options.capacity : text->count;
    o->scratch = memory_new(members(o), sizeof *o->scratch, err);
    o->scratch_capacity = memory_new(members(o), sizeof *o->scratch_capacity, err);
    o->first = memory_new(bins(o) + 1, sizeof *o->first, err);
    o->count = memory_new(members(o) * bins(o), sizeof *o->count, err);
    if (o->scratch && o->scratch_capacity && o->first && o->count &&
        reserve_places(o, most + options->keep, err) == 0)
        return 0;
    order_release(o);
    return -1;
}

void order_release(struct order *o)
{
    for (unsigned i = 0; o->scratch && i < members(o); i++)
        free(o->scratch[i]);
    free(o->scratch);
    free(o->scratch_capacity);
    free(o->place);
    free(o->first);
    free(o->count);
    *o = (struct order){0};
}

/* ---- what the team does ---- */

static void run(struct order *o, team_function *function)
{
    atomic_store(&o->next, o->bin);
    team_run(o->team, function, o);
}

/* Calls visit for every centre of this member's part of the text, with its key and its bin. A macro's
 * work, done by inlining. */
typedef void visitor(struct order *o, uint64_t *count, uint64_t bin, struct place place);

static inline __attribute__((always_inline)) void visit_part(struct order *o, visitor *visit)
{
    const unsigned member = team_member();
    const struct sentences *text = o->text;
    const uint64_t blocks = (text->tokens + RANDOM_BLOCK - 1) / RANDOM_BLOCK;
    const uint64_t start = blocks * member / members(o), end = blocks * (member + 1) / members(o);
    const uint8_t *ids = sentences_at(text, 0);
    const uint32_t mark = sentence_mark(text->width);
    uint64_t *count = o->count + member * bins(o);
    struct random_words key[ORDER_KEYS];
    for (uint64_t block = start, n; block < end; block += n) {
        n = end - block < ORDER_KEYS ? end - block : ORDER_KEYS;
        order_keys(o->options.seed, o->epoch, block, (uint32_t)n, key);
        for (uint64_t i = 0; i < RANDOM_BLOCK * n; i++) {
            uint64_t position = RANDOM_BLOCK * block + i; /* behind the text are marks */
            if (id_at(ids, (int64_t)position, text->width) == mark)
                continue;
            uint64_t drawn = key[i / RANDOM_BLOCK].word[i % RANDOM_BLOCK];
            visit(o, count, drawn >> (64 - o->bits), (struct place){drawn, position});
        }
    }
}

static void count_centre(struct order *o, uint64_t *count, uint64_t bin, struct place place)
{
    (void)o;
    (void)place;
    count[bin]++;
}

static void put_centre(struct order *o, uint64_t *count, uint64_t bin, struct place place)
{
    if (bin >= o->bin && bin < o->end)
        o->place[count[bin]++] = place;
}

static void count_part(void *data)
{
    struct order *o = data;
    visit_part(o, count_centre);
}

static void put_part(void *data)
{
    struct order *o = data;
    visit_part(o, put_centre);
}

static void sort_bins(void *data)
{
    struct order *o = data;
    unsigned member = team_member();
    struct error err;
    for (uint64_t bin; (bin = atomic_fetch_add(&o->next, 1)) < o->end && !o->failed;) {
        uint64_t n = o->first[bin + 1] - o->first[bin];
        if (memory_reserve(&o->scratch[member], &o->scratch_capacity[member], n,
                           sizeof **o->scratch, &err) < 0) {
            if (!atomic_exchange(&o->failed, true))
                o->error = err;
            return;
        }
        order_sort(o->place + o->held + o->first[bin] - o->first[o->bin], n, o->bits,
                   o->scratch[member]);
    }
}

/* ---- slices ---- */

void order_start(struct order *o, uint64_t epoch)
{
    o->epoch = epoch;
    o->bin = o->end = o->places = o->held = 0;
    if (!o->options.shuffle)
        return;
    memset(o->count, 0, members(o) * bins(o) * sizeof *o->count);
    run(o, count_part);
    for (uint64_t bin = 0; bin < bins(o); bin++) {
        o->first[bin + 1] = o->first[bin];
        for (unsigned i = 0; i < members(o); i++)
            o->first[bin + 1] += o->count[i * bins(o) + bin];
    }
}

/* Turns the counts of the slice's bins into the places where each member's centres go. */
static void assign_places(struct order *o)
{
    uint64_t place = o->held;
    for (uint64_t bin = o->bin; bin < o->end; bin++)
        for (unsigned i = 0; i < members(o); i++) {
            uint64_t *count = &o->count[i * bins(o) + bin], n = *count;
            *count = place;
            place += n;
        }
}

static int fill_shuffled(struct order *o, struct error *err)
{
    o->bin = o->end;
    while (o->end < bins(o) &&
           (o->end == o->bin || o->first[o->end + 1] - o->first[o->bin] <= o->options.capacity))
        o->end++;
    o->places = o->held + o->first[o->end] - o->first[o->bin];
    if (reserve_places(o, o->places, err) < 0) /* a bin may be larger than what was asked for */
        return -1;
    assign_places(o);
    run(o, put_part);
    run(o, sort_bins);
    if (o->failed) {
        *err = o->error;
        return -1;
    }
    return o->end < bins(o);
}

static int fill_straight(struct order *o)
{
    const struct sentences *text = o->text;
    const uint32_t mark = sentence_mark(text->width);
    uint64_t room = o->options.capacity;
    for (; o->bin < text->tokens; o->bin++) {
        if (id_at(sentences_at(text, o->bin), 0, text->width) == mark)
            continue;
        if (room-- == 0)
            return 1;
        o->place[o->places++] = (struct place){0, o->bin};
    }
    return 0;
}

int order_next(struct order *o, uint64_t used, struct error *err)
{
    o->held = o->places - used;
    memmove(o->place, o->place + used, o->held * sizeof *o->place);
    o->places = o->held;
    return o->options.shuffle ? fill_shuffled(o, err) : fill_straight(o);
}

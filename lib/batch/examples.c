/* SPDX-License-Identifier: MIT */
#include "batch/examples.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "base/random.h"
#include "stream/layout.h"

#define INLINE static inline __attribute__((always_inline))

/* After this many rejected draws (or as many as there are words, if fewer), a noise word is drawn
 * from the allowed words only. The distribution is the same; it is slower, but it also ends if
 * the context words have nearly all the weight. */
enum { REJECTED_MAX = 4096 };

/* Bytes of a record: the four fields before its arrays, and those that may be written beyond its
 * end. */
enum { FIELDS = 16, SLACK = 64 };

/* How many examples ahead the text is prefetched: their positions are anywhere in it. */
enum { AHEAD = 12 };

/* Random words are drawn together for GROUP examples, and for the first GROUP_BLOCKS blocks of
 * each. */
enum { GROUP = 32, GROUP_BLOCKS = 16 };

/* ---- life cycle ---- */

static int init_noise(struct examples *e, const struct vocab *vocab, struct error *err)
{
    e->weight = memory_new(e->words, sizeof *e->weight, err);
    if (!e->weight)
        return -1;
    for (uint32_t id = UNKNOWN_ID + 1; id < e->words; id++)
        if (vocab->count[id] > 0) {
            /* Rounded to float, since C libraries differ in the last bits of pow. */
            e->weight[id] = (float)pow((double)vocab->count[id], e->options.noise_exponent);
            e->noise_words += e->weight[id] > 0;
        }
    return e->noise_words > 0 ? alias_init(&e->noise, e->weight, e->words, err) : 0;
}

int examples_init(struct examples *e, const struct examples_options *options,
                  const struct vocab *vocab, struct error *err)
{
    *e = (struct examples){.options = *options,
                           .words = vocab->words.count,
                           .width = vocab->words.count <= UINT16_MAX ? 2 : 4};
    if (init_noise(e, vocab, err) < 0) {
        examples_release(e);
        return -1;
    }
    return 0;
}

void examples_release(struct examples *e)
{
    free(e->weight);
    alias_release(&e->noise);
    *e = (struct examples){0};
}

/* ---- ids in a record ---- */

INLINE uint32_t load_id(const uint8_t *id, uint64_t index, unsigned width)
{
    return width == 2 ? bytes_load_u16(id + 2 * index) : bytes_load_u32(id + 4 * index);
}

INLINE void store_id(uint8_t *id, uint64_t index, uint32_t value, unsigned width)
{
    if (width == 2)
        bytes_store_u16(id + 2 * index, value);
    else
        bytes_store_u32(id + 4 * index, value);
}

/* ---- centres and contexts ---- */

static uint64_t epoch_key(const struct examples *e, uint64_t epoch)
{
    return e->options.fresh ? epoch : 0;
}

/* Returns the number of words, at most `window`, between the centre word and the sentence mark on
 * one side of it (-1 or 1). `widest` is at least `window`. Narrow windows take no unpredictable
 * branch. */
INLINE uint32_t reach(const uint8_t *centre, int side, uint32_t window, uint32_t widest,
                      unsigned width)
{
    const uint32_t mark = sentence_mark(width);
    uint32_t n = 0, inside = 1;
    if (widest <= SENTENCES_MARGIN)
        for (uint32_t i = 1; i <= widest; i++) {
            inside &= (uint32_t)(i <= window) & (id_at(centre, side * (int64_t)i, width) != mark);
            n += inside;
        }
    else
        while (n < window && id_at(centre, side * ((int64_t)n + 1), width) != mark)
            n++;
    return n;
}

/* Copies `n` ids; if the windows are narrow, `widest` ids, which is faster. */
INLINE void copy_ids(uint8_t *to, const uint8_t *from, uint32_t n, uint32_t widest, unsigned width)
{
    uint32_t copied = widest <= SENTENCES_MARGIN ? widest : n;
    for (uint32_t i = 0; i < copied; i++)
        store_id(to, i, id_at(from, i, width), width);
}

/* Stores the context words of the centre word. Returns their number. */
INLINE uint32_t find_contexts(const uint8_t *centre, uint32_t window, uint32_t widest, uint8_t *to,
                              unsigned width)
{
    uint32_t left = reach(centre, -1, window, widest, width);
    uint32_t right = reach(centre, 1, window, widest, width);
    copy_ids(to, centre - (size_t)left * width, left, widest, width);
    copy_ids(to + (size_t)left * width, centre + width, right, widest, width);
    return left + right;
}

/* ---- records ---- */

/* The arrays of a record. */
static uint8_t *context_counts(const struct draft *d)
{
    return d->record + FIELDS;
}

static uint8_t *noise_counts(const struct draft *d)
{
    return context_counts(d) + 4 * (size_t)d->capacity;
}

static uint8_t *centre_ids(const struct draft *d)
{
    return noise_counts(d) + 4 * (size_t)d->capacity;
}

static uint8_t *context_ids(const struct draft *d)
{
    return centre_ids(d) + (size_t)d->from->width * d->capacity;
}

size_t examples_record_size(const struct examples *e, uint32_t n)
{
    size_t contexts = 2 * (size_t)e->options.window;
    size_t words = 1 + contexts + examples_noise(e, 1, contexts);
    return FIELDS + n * (8 + words * e->width) + SLACK;
}

int draft_start(struct draft *d, const struct examples *from, uint64_t epoch, uint32_t n,
                uint8_t *record, struct error *err)
{
    if (memory_reserve(&d->drafted, &d->drafted_capacity, n, sizeof *d->drafted, err) < 0)
        return -1;
    d->from = from;
    d->epoch = epoch_key(from, epoch);
    d->record = record;
    d->examples = 0;
    d->capacity = n;
    d->contexts = d->noise = d->without_noise = 0;
    return 0;
}

void draft_release(struct draft *d)
{
    free(d->drafted);
    *d = (struct draft){0};
}

/* Random words for the windows of `n` centres, at most GROUP. */
static void draw_windows(const struct draft *d, const struct example_ref *ref, uint32_t n,
                         struct random_words *random)
{
    struct random_at at[GROUP];
    for (uint32_t i = 0; i < n; i++)
        at[i] = (struct random_at){0, ref[i].at};
    random_blocks(random, d->from->options.seed, RANDOM_WINDOW, at, n, d->epoch);
}

INLINE void add(struct draft *d, const struct sentences *text, const struct example_ref *ref,
                uint32_t n, unsigned width)
{
    const uint32_t widest = d->from->options.window;
    uint8_t *contexts = context_ids(d), *centres = centre_ids(d), *counts = context_counts(d);
    struct random_words random[GROUP];
    for (uint32_t i = 0; i < n; i++) {
        if (i % GROUP == 0)
            draw_windows(d, ref + i, n - i < GROUP ? n - i : GROUP, random);
        __builtin_prefetch(sentences_at(text, ref[i + AHEAD < n ? i + AHEAD : i].at));
        const uint8_t *centre = sentences_at(text, ref[i].at);
        uint32_t window = 1 + (uint32_t)random_below(random[i % GROUP].word[0], widest);
        uint32_t at = d->examples++;
        uint32_t found =
            find_contexts(centre, window, widest, contexts + d->contexts * width, width);
        store_id(centres, at, id_at(centre, 0, width), width);
        bytes_store_u32(counts + 4 * (size_t)at, found);
        d->contexts += found;
        d->drafted[at] = (struct drafted){.position = ref[i].at};
    }
}

void draft_add(struct draft *d, const struct sentences *text, const struct example_ref *ref,
               uint32_t n)
{
    if (d->from->width == 2)
        add(d, text, ref, n, 2);
    else
        add(d, text, ref, n, 4);
}

/* ---- packed examples ---- */

/* Byte offsets of the fields after the key. */
enum { PACKED_POSITION = 8, PACKED_NUMBERS = 16 };

static uint32_t packed_numbers(const uint8_t *packed)
{
    uint32_t numbers;
    memcpy(&numbers, packed + PACKED_NUMBERS, sizeof numbers);
    return numbers;
}

static void pack_fields(uint8_t *packed, uint64_t key, uint64_t position, uint32_t numbers)
{
    memcpy(packed, &key, sizeof key);
    memcpy(packed + PACKED_POSITION, &position, sizeof position);
    memcpy(packed + PACKED_NUMBERS, &numbers, sizeof numbers);
}

uint64_t packed_example_key(const uint8_t *packed)
{
    uint64_t key;
    memcpy(&key, packed, sizeof key);
    return key;
}

size_t packed_example_size(const struct examples *e, const uint8_t *packed)
{
    return packed_size(e, example_ids(packed_numbers(packed)));
}

size_t packed_example_size_max(const struct examples *e)
{
    return packed_size(e, 1 + 2 * e->options.window) + SLACK;
}

INLINE size_t pack(const struct examples *e, uint64_t epoch, const uint8_t *ids, uint64_t position,
                   uint32_t n, uint8_t *packed, unsigned width)
{
    const uint32_t widest = e->options.window;
    struct random_at at[GROUP];
    struct random_words window[GROUP], key[GROUP / RANDOM_BLOCK + 1];
    uint8_t *to = packed;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t first = position + i - i % GROUP, here = position + i;
        if (i % GROUP == 0) {
            for (uint32_t j = 0; j < GROUP; j++)
                at[j] = (struct random_at){0, first + j};
            random_blocks(window, e->options.seed, RANDOM_WINDOW, at, GROUP, epoch_key(e, epoch));
            shuffle_keys(e->options.seed, epoch, first / RANDOM_BLOCK, GROUP / RANDOM_BLOCK + 1,
                         key);
        }
        const uint8_t *centre = ids + (size_t)i * width;
        if (id_at(centre, 0, width) == sentence_mark(width))
            continue;
        uint64_t word =
            e->options.shuffle
                ? key[here / RANDOM_BLOCK - first / RANDOM_BLOCK].word[here % RANDOM_BLOCK]
                : 0;
        uint32_t reach = 1 + (uint32_t)random_below(window[i % GROUP].word[0], widest);
        uint32_t contexts = find_contexts(centre, reach, widest, to + PACKED_IDS + width, width);
        pack_fields(to, word, here, example_numbers(contexts, 0));
        store_id(to + PACKED_IDS, 0, id_at(centre, 0, width), width);
        to += packed_size(e, 1 + contexts);
    }
    return (size_t)(to - packed);
}

size_t examples_pack(const struct examples *e, uint64_t epoch, const uint8_t *ids,
                     uint64_t position, uint32_t n, uint8_t *packed)
{
    return e->width == 2 ? pack(e, epoch, ids, position, n, packed, 2)
                         : pack(e, epoch, ids, position, n, packed, 4);
}

INLINE size_t pack_stored(const struct examples *e, uint64_t epoch, const uint32_t *stored,
                          const uint32_t *new_id, uint64_t position, uint32_t n, uint8_t *packed,
                          unsigned width)
{
    struct random_words key[GROUP / RANDOM_BLOCK + 1];
    uint64_t first = 0;
    uint8_t *to = packed;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t here = position + i;
        if (i % GROUP == 0) {
            first = here / RANDOM_BLOCK;
            shuffle_keys(e->options.seed, epoch, first, GROUP / RANDOM_BLOCK + 1, key);
        }
        uint32_t numbers = *stored++, ids = example_ids(numbers);
        uint64_t word = key[here / RANDOM_BLOCK - first].word[here % RANDOM_BLOCK];
        pack_fields(to, e->options.shuffle ? word : 0, here, numbers);
        for (uint32_t j = 0; j < ids; j++)
            store_id(to + PACKED_IDS, j, new_id ? new_id[stored[j]] : stored[j], width);
        stored += ids;
        to += packed_size(e, ids);
    }
    return (size_t)(to - packed);
}

size_t examples_pack_stored(const struct examples *e, uint64_t epoch, const uint32_t *stored,
                            const uint32_t *new_id, uint64_t position, uint32_t n, uint8_t *packed)
{
    return e->width == 2 ? pack_stored(e, epoch, stored, new_id, position, n, packed, 2)
                         : pack_stored(e, epoch, stored, new_id, position, n, packed, 4);
}

uint32_t packed_examples_fit(const struct examples *e, const uint8_t *packed,
                             const struct example_ref *ref, uint32_t n, size_t *size)
{
    uint32_t fit = 0;
    size_t record = FIELDS;
    for (; fit < n; fit++) {
        uint32_t numbers = packed_numbers(packed + ref[fit].at);
        uint64_t contexts = example_contexts(numbers), noise = example_noise(numbers);
        noise = noise ? noise : examples_noise(e, 1, contexts);
        size_t example = 8 + (size_t)(1 + contexts + noise) * e->width;
        if (fit > 0 && record + example > STREAM_MAX_RECORD)
            break;
        record += example;
    }
    *size = record + SLACK;
    return fit;
}

void draft_add_packed(struct draft *d, const uint8_t *packed, const struct example_ref *ref,
                      uint32_t n)
{
    const unsigned width = d->from->width;
    uint8_t *contexts = context_ids(d), *centres = centre_ids(d), *counts = context_counts(d);
    for (uint32_t i = 0; i < n; i++) {
        __builtin_prefetch(packed + ref[i + AHEAD < n ? i + AHEAD : i].at);
        const uint8_t *example = packed + ref[i].at, *ids = example + PACKED_IDS;
        uint32_t at = d->examples++, numbers = packed_numbers(example);
        uint32_t found = example_contexts(numbers), given = example_noise(numbers);
        memcpy(centres + (size_t)at * width, ids, width);
        memcpy(contexts + d->contexts * width, ids + width, (size_t)found * width);
        bytes_store_u32(counts + 4 * (size_t)at, found);
        d->contexts += found;
        d->drafted[at].noise = given > 0 ? ids + (1 + (size_t)found) * width : NULL;
        d->drafted[at].given = given;
        memcpy(&d->drafted[at].position, example + PACKED_POSITION, sizeof d->drafted[at].position);
    }
}

/* ---- noise words ---- */

INLINE bool contains(const uint8_t *word, uint32_t n, uint32_t wanted, unsigned width)
{
    for (uint32_t i = 0; i < n; i++)
        if (load_id(word, i, width) == wanted)
            return true;
    return false;
}

/* Whether there is a noise word that is not one of these context words. */
INLINE bool noise_exists(const struct examples *e, const uint8_t *context, uint32_t n,
                         unsigned width)
{
    if (n < e->noise_words)
        return true;
    uint32_t excluded = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t id = load_id(context, i, width);
        excluded += e->weight[id] > 0 && !contains(context, i, id, width);
    }
    return excluded < e->noise_words;
}

/* Draws a noise word from the words that are not context words, by a pass over the vocabulary. */
static uint32_t draw_allowed(const struct examples *e, const uint8_t *context, uint32_t n,
                             uint64_t random)
{
    double sum = 0;
    for (uint32_t id = 0; id < e->words; id++)
        if (!contains(context, n, id, e->width))
            sum += e->weight[id];
    double left = random_unit(random) * sum;
    uint32_t latest = 0;
    for (uint32_t id = 0; id < e->words; id++) {
        if (e->weight[id] == 0 || contains(context, n, id, e->width))
            continue;
        latest = id;
        if (left < e->weight[id])
            break;
        left -= e->weight[id];
    }
    return latest;
}

/* An example whose noise words are being drawn. */
struct drawing {
    const struct examples *from;
    const uint8_t *context;
    uint32_t contexts, noise, drawn;
    uint32_t rejected; /* draws rejected so far for the next noise word */
    uint64_t position, epoch;
    uint8_t *word; /* (noise) */
};

/* Keeps those of the `n` ids stored after the g->drawn noise words that are not context words.
 * After REJECTED_MAX rejections, noise word i is drawn with a block of random words of its own,
 * number 2^64 − 1 − i. */
static void keep_allowed(struct drawing *g, uint32_t n, unsigned width)
{
    const struct examples *e = g->from;
    const uint32_t rejected_max = e->words < REJECTED_MAX ? e->words : REJECTED_MAX;
    const uint32_t start = g->drawn;
    for (uint32_t i = 0; i < n && g->drawn < g->noise; i++) {
        uint32_t id = load_id(g->word, (uint64_t)start + i, width);
        if (contains(g->context, g->contexts, id, width)) {
            if (++g->rejected < rejected_max)
                continue;
            uint64_t block[RANDOM_BLOCK];
            random_block(block, e->options.seed, RANDOM_NOISE, UINT64_MAX - g->drawn, g->position,
                         g->epoch);
            id = draw_allowed(e, g->context, g->contexts, block[0]);
        }
        store_id(g->word, g->drawn++, id, width);
        g->rejected = 0;
    }
}

/* Draws noise words from a block of random words: one from each half of a random word, or, if ids
 * have 4 bytes, one from each random word. Nearly always all of them are allowed, which
 * `context_mark` shows: context words have set the entries at their ids modulo CONTEXT_MARKS. */
INLINE void draw_block(struct drawing *g, const uint64_t random[RANDOM_BLOCK],
                       const uint8_t *context_mark, unsigned width)
{
    const struct alias_table *noise = &g->from->noise;
    const uint32_t n = width == 2 ? 2 * RANDOM_BLOCK : RANDOM_BLOCK;
    uint8_t *word = g->word + (size_t)g->drawn * width;
    uint32_t marked = 0;
    for (uint32_t i = 0; i < RANDOM_BLOCK; i++)
        if (width == 2) {
            uint32_t low = alias_draw_half(noise, (uint32_t)random[i]);
            uint32_t high = alias_draw_half(noise, (uint32_t)(random[i] >> 32));
            marked |= context_mark[low % CONTEXT_MARKS] | context_mark[high % CONTEXT_MARKS];
            bytes_store_u32(word + 4 * i, low | high << 16);
        } else {
            uint32_t id = alias_draw(noise, random[i]);
            marked |= context_mark[id % CONTEXT_MARKS];
            bytes_store_u32(word + 4 * i, id);
        }
    if (marked) {
        keep_allowed(g, n, width);
    } else {
        g->drawn += n;
        g->rejected = 0;
    }
}

/* Draws the noise words of an example from its first `blocks` blocks of random words, and from
 * further ones if these are not enough. */
INLINE void draw_noise(struct drawing *g, const struct random_words *random, uint32_t blocks,
                       uint8_t *context_mark, unsigned width)
{
    for (uint32_t i = 0; i < g->contexts; i++)
        context_mark[load_id(g->context, i, width) % CONTEXT_MARKS] = 1;
    for (uint32_t i = 0; i < blocks; i++)
        draw_block(g, random[i].word, context_mark, width);
    for (uint64_t block = blocks; g->drawn < g->noise; block++) {
        struct random_words more;
        random_block(more.word, g->from->options.seed, RANDOM_NOISE, block, g->position, g->epoch);
        draw_block(g, more.word, context_mark, width);
    }
    for (uint32_t i = 0; i < g->contexts; i++)
        context_mark[load_id(g->context, i, width) % CONTEXT_MARKS] = 0;
}

/* The random words of several examples, drawn together: a processor is kept busy by many
 * independent blocks and no unpredictable branches. */
struct noise_random {
    struct random_at at[GROUP * GROUP_BLOCKS + GROUP_BLOCKS];
    struct random_words random[GROUP * GROUP_BLOCKS];
    uint32_t first[GROUP + 1]; /* index in `random` of each example's first block */
};

/* Draws the random words of `n` examples from number `start` on. */
INLINE void draw_random(const struct draft *d, uint32_t start, uint32_t n, struct noise_random *a,
                        unsigned width)
{
    const struct examples *e = d->from;
    const uint32_t per_block = width == 2 ? 2 * RANDOM_BLOCK : RANDOM_BLOCK;
    uint64_t most =
        (examples_noise(e, 1, 2 * (uint64_t)e->options.window) + per_block - 1) / per_block;
    most = most < GROUP_BLOCKS ? most : GROUP_BLOCKS;
    a->first[0] = 0;
    for (uint32_t i = 0; i < n; i++) {
        const struct drafted *example = &d->drafted[start + i];
        uint64_t contexts = bytes_load_u32(context_counts(d) + 4 * ((size_t)start + i));
        uint64_t noise = example->noise ? 0 : examples_noise(e, 1, contexts);
        uint64_t blocks = (noise + per_block - 1) / per_block;
        for (uint32_t j = 0; j < most; j++)
            a->at[a->first[i] + j] = (struct random_at){j, example->position};
        a->first[i + 1] = a->first[i] + (uint32_t)(blocks < most ? blocks : most);
    }
    random_blocks(a->random, e->options.seed, RANDOM_NOISE, a->at, a->first[n], d->epoch);
}

INLINE int draw_all_noise(struct draft *d, struct error *err, unsigned width)
{
    const struct examples *e = d->from;
    uint8_t *context = context_ids(d), *word = context + d->contexts * width;
    struct noise_random drawn;
    for (uint32_t i = 0; i < d->examples; i++) {
        uint32_t contexts = bytes_load_u32(context_counts(d) + 4 * (size_t)i), at = i % GROUP;
        if (at == 0)
            draw_random(d, i, d->examples - i < GROUP ? d->examples - i : GROUP, &drawn, width);
        struct drawing g = {.from = e,
                            .context = context,
                            .contexts = contexts,
                            .noise = (uint32_t)examples_noise(e, 1, contexts),
                            .position = d->drafted[i].position,
                            .epoch = d->epoch,
                            .word = word};
        if (d->drafted[i].noise) {
            g.noise = d->drafted[i].given;
            memcpy(word, d->drafted[i].noise, (size_t)g.noise * width);
        } else if (!noise_exists(e, context, contexts, width)) {
            if (e->noise_words < 2)
                return error_set(err, STATUS_INPUT,
                                 "no negative samples possible: the vocabulary has %s",
                                 e->noise_words ? "only one word" : "no word to draw");
            g.noise = 0;
            d->without_noise++;
        } else {
            draw_noise(&g, drawn.random + drawn.first[at], drawn.first[at + 1] - drawn.first[at],
                       d->context_mark, width);
        }
        bytes_store_u32(noise_counts(d) + 4 * (size_t)i, g.noise);
        d->noise += g.noise;
        context += (size_t)contexts * width;
        word += (size_t)g.noise * width;
    }
    return 0;
}

size_t draft_finish(struct draft *d, bool more, struct error *err)
{
    const struct examples *e = d->from;
    int failed = e->width == 2 ? draw_all_noise(d, err, 2) : draw_all_noise(d, err, 4);
    if (failed)
        return 0;
    bytes_store_u32(d->record, d->examples);
    bytes_store_u32(d->record + 4, more);
    bytes_store_u32(d->record + 8, (uint32_t)d->contexts);
    bytes_store_u32(d->record + 12, (uint32_t)d->noise);
    return (size_t)(context_ids(d) - d->record) + (size_t)(d->contexts + d->noise) * e->width;
}

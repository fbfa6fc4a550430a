/* SPDX-License-Identifier: MIT */
#include "batch/shuffle.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"

/* A bin should fit in the first-level cache. The number of bins is limited, since each thread
 * counts the examples of all bins. */
enum { BIN_EXAMPLES = 512, BIN_BITS_MAX = 16 };

/* ---- life cycle ---- */

static uint64_t bins(const struct shuffle *s)
{
    return (uint64_t)1 << s->bits;
}

static unsigned members(const struct shuffle *s)
{
    return atomic_load(&s->team->members);
}

static int reserve_refs(struct shuffle *s, uint64_t n, struct error *err)
{
    return memory_reserve(&s->ref, &s->ref_capacity, n, sizeof *s->ref, err);
}

int shuffle_init(struct shuffle *s, const struct sentences *text,
                 const struct shuffle_options *options, struct team *team, struct error *err)
{
    *s = (struct shuffle){.text = text, .team = team, .options = *options};
    s->bits = 1 + shuffle_log2(text->count / BIN_EXAMPLES);
    if (s->bits > BIN_BITS_MAX)
        s->bits = BIN_BITS_MAX;
    uint64_t most = s->options.capacity < text->count ? s->options.capacity : text->count;
    s->scratch = memory_new(members(s), sizeof *s->scratch, err);
    s->scratch_capacity = memory_new(members(s), sizeof *s->scratch_capacity, err);
    s->first = memory_new(bins(s) + 1, sizeof *s->first, err);
    s->count = memory_new(members(s) * bins(s), sizeof *s->count, err);
    if (s->scratch && s->scratch_capacity && s->first && s->count &&
        reserve_refs(s, most + options->keep, err) == 0)
        return 0;
    shuffle_release(s);
    return -1;
}

void shuffle_release(struct shuffle *s)
{
    for (unsigned i = 0; s->scratch && i < members(s); i++)
        free(s->scratch[i]);
    free(s->scratch);
    free(s->scratch_capacity);
    free(s->ref);
    free(s->first);
    free(s->count);
    *s = (struct shuffle){0};
}

/* ---- the team's functions ---- */

static void run(struct shuffle *s, team_function *function)
{
    atomic_store(&s->next, s->bin);
    team_run(s->team, function, s);
}

/* Calls visit for every centre word of this member's part of the text, with its bin and its key.
 * The calls are inlined. */
typedef void visitor(struct shuffle *s, uint64_t *count, uint64_t bin, struct example_ref ref);

static inline __attribute__((always_inline)) void visit_part(struct shuffle *s, visitor *visit)
{
    const unsigned member = team_member();
    const struct sentences *text = s->text;
    const uint64_t blocks = (text->tokens + RANDOM_BLOCK - 1) / RANDOM_BLOCK;
    const uint64_t start = blocks * member / members(s), end = blocks * (member + 1) / members(s);
    const uint8_t *ids = sentences_at(text, 0);
    const uint32_t mark = sentence_mark(text->width);
    uint64_t *count = s->count + member * bins(s);
    struct random_words key[SHUFFLE_KEYS];
    for (uint64_t block = start, n; block < end; block += n) {
        n = end - block < SHUFFLE_KEYS ? end - block : SHUFFLE_KEYS;
        shuffle_keys(s->options.seed, s->epoch, block, (uint32_t)n, key);
        for (uint64_t i = 0; i < RANDOM_BLOCK * n; i++) {
            uint64_t position = RANDOM_BLOCK * block + i; /* after the text there are marks */
            if (id_at(ids, (int64_t)position, text->width) == mark)
                continue;
            uint64_t drawn = key[i / RANDOM_BLOCK].word[i % RANDOM_BLOCK];
            visit(s, count, drawn >> (64 - s->bits), (struct example_ref){drawn, position});
        }
    }
}

static void count_centre(struct shuffle *s, uint64_t *count, uint64_t bin, struct example_ref ref)
{
    (void)s;
    (void)ref;
    count[bin]++;
}

static void store_centre(struct shuffle *s, uint64_t *count, uint64_t bin, struct example_ref ref)
{
    if (bin >= s->bin && bin < s->end)
        s->ref[count[bin]++] = ref;
}

static void count_part(void *data)
{
    struct shuffle *s = data;
    visit_part(s, count_centre);
}

static void store_part(void *data)
{
    struct shuffle *s = data;
    visit_part(s, store_centre);
}

static void sort_bins(void *data)
{
    struct shuffle *s = data;
    unsigned member = team_member();
    struct error err;
    for (uint64_t bin; (bin = atomic_fetch_add(&s->next, 1)) < s->end && !s->failed;) {
        uint64_t n = s->first[bin + 1] - s->first[bin];
        if (memory_reserve(&s->scratch[member], &s->scratch_capacity[member], n,
                           sizeof **s->scratch, &err) < 0) {
            if (!atomic_exchange(&s->failed, true))
                s->error = err;
            return;
        }
        shuffle_sort(s->ref + s->carried + s->first[bin] - s->first[s->bin], n, s->bits,
                     s->scratch[member]);
    }
}

/* ---- slices ---- */

void shuffle_start(struct shuffle *s, uint64_t epoch)
{
    s->epoch = epoch;
    s->bin = s->end = s->refs = s->carried = 0;
    if (!s->options.shuffle)
        return;
    memset(s->count, 0, members(s) * bins(s) * sizeof *s->count);
    run(s, count_part);
    for (uint64_t bin = 0; bin < bins(s); bin++) {
        s->first[bin + 1] = s->first[bin];
        for (unsigned i = 0; i < members(s); i++)
            s->first[bin + 1] += s->count[i * bins(s) + bin];
    }
}

/* Turns the counts of the slice's bins into the indices in s->ref at which each member stores its
 * examples. */
static void assign_refs(struct shuffle *s)
{
    uint64_t ref = s->carried;
    for (uint64_t bin = s->bin; bin < s->end; bin++)
        for (unsigned i = 0; i < members(s); i++) {
            uint64_t *count = &s->count[i * bins(s) + bin], n = *count;
            *count = ref;
            ref += n;
        }
}

static int fill_shuffled(struct shuffle *s, struct error *err)
{
    s->bin = s->end;
    while (s->end < bins(s) &&
           (s->end == s->bin || s->first[s->end + 1] - s->first[s->bin] <= s->options.capacity))
        s->end++;
    s->refs = s->carried + s->first[s->end] - s->first[s->bin];
    if (reserve_refs(s, s->refs, err) < 0) /* a bin may exceed the capacity */
        return -1;
    assign_refs(s);
    run(s, store_part);
    run(s, sort_bins);
    if (s->failed) {
        *err = s->error;
        return -1;
    }
    return s->end < bins(s);
}

static int fill_unshuffled(struct shuffle *s)
{
    const struct sentences *text = s->text;
    const uint32_t mark = sentence_mark(text->width);
    uint64_t room = s->options.capacity;
    for (; s->bin < text->tokens; s->bin++) {
        if (id_at(sentences_at(text, s->bin), 0, text->width) == mark)
            continue;
        if (room-- == 0)
            return 1;
        s->ref[s->refs++] = (struct example_ref){0, s->bin};
    }
    return 0;
}

int shuffle_next(struct shuffle *s, uint64_t used, struct error *err)
{
    s->carried = s->refs - used;
    memmove(s->ref, s->ref + used, s->carried * sizeof *s->ref);
    s->refs = s->carried;
    return s->options.shuffle ? fill_shuffled(s, err) : fill_unshuffled(s);
}

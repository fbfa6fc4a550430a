/* SPDX-License-Identifier: MIT */
#include "text/phrase_matcher.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* ---- words by their bytes ---- */

static int compare_words(const struct words *words, uint32_t left, uint32_t right)
{
    size_t a = words_length(words, left), b = words_length(words, right);
    int order = memcmp(words_text(words, left), words_text(words, right), a < b ? a : b);
    return order != 0 ? order : (a > b) - (a < b);
}

/* Merges the sorted halves of id (n) through scratch (n). */
static void merge(const struct words *words, uint32_t *id, size_t n, uint32_t *scratch)
{
    size_t half = n / 2, a = 0, b = half;
    for (size_t i = 0; i < n; i++) {
        bool left = b == n || (a < half && compare_words(words, id[a], id[b]) <= 0);
        scratch[i] = left ? id[a++] : id[b++];
    }
    memcpy(id, scratch, n * sizeof *id);
}

/* qsort() cannot pass the table of words to a comparison. */
static void sort(const struct words *words, uint32_t *id, size_t n, uint32_t *scratch)
{
    if (n < 2)
        return;
    sort(words, id, n / 2, scratch);
    sort(words, id + n / 2, n - n / 2, scratch);
    merge(words, id, n, scratch);
}

/* Compares the bytes of a phrase from `depth` on with `text` (length), as far as `text` goes. */
static int compare_at(const struct phrase_matcher *m, uint32_t phrase, size_t depth,
                      const char *text, size_t length)
{
    uint32_t id = m->sorted[phrase];
    size_t left = words_length(m->joined, id) - depth;
    int order = memcmp(words_text(m->joined, id) + depth, text, left < length ? left : length);
    return order != 0 ? order : left < length ? -1 : 0;
}

/* The first phrase in the range that is not less than `text`, or if `after`, greater. */
static uint32_t bound(const struct phrase_matcher *m, struct phrase_range range, size_t depth,
                      const char *text, size_t length, bool after)
{
    while (range.first < range.end) {
        uint32_t middle = range.first + (range.end - range.first) / 2;
        int order = compare_at(m, middle, depth, text, length);
        if (order < 0 || (after && order == 0))
            range.first = middle + 1;
        else
            range.end = middle;
    }
    return range.first;
}

/* Those phrases of a range, whose first `depth` bytes are the same, that have `text` next. */
static struct phrase_range narrow(const struct phrase_matcher *m, struct phrase_range range,
                                  size_t depth, const char *text, size_t length)
{
    return (struct phrase_range){bound(m, range, depth, text, length, false),
                                 bound(m, range, depth, text, length, true)};
}

/* ---- life cycle ---- */

/* Whether `text` (length) has the delimiter after its first byte. */
static bool has_delimiter(const char *text, size_t length, const char *delimiter)
{
    size_t size = strlen(delimiter);
    for (size_t i = 1; i + size < length; i++)
        if (memcmp(text + i, delimiter, size) == 0)
            return true;
    return false;
}

static int collect(struct phrase_matcher *m, struct words *text_words, struct error *err)
{
    struct word_index *index = word_index_new(text_words, err);
    if (!index)
        return -1;
    for (uint32_t id = UNKNOWN_ID + 1; id < m->joined->count; id++) {
        const char *text = words_text(m->joined, id);
        size_t length = words_length(m->joined, id);
        uint32_t same = word_index_find(index, text, length);
        if (same != NO_WORD)
            m->id[same] = id;
        else if (has_delimiter(text, length, m->delimiter))
            m->sorted[m->phrases++] = id;
    }
    word_index_free(index);
    return 0;
}

int phrase_matcher_init(struct phrase_matcher *m, struct words *text, const struct words *joined,
                        const char *delimiter, struct error *err)
{
    *m = (struct phrase_matcher){.text = text, .joined = joined, .delimiter = delimiter};
    m->sorted = memory_new(joined->count, sizeof *m->sorted, err);
    m->id = memory_new(text->count, sizeof *m->id, err);
    m->range = memory_new(text->count, sizeof *m->range, err);
    uint32_t *scratch = memory_new(joined->count, sizeof *scratch, err);
    if (!m->sorted || !m->id || !m->range || !scratch || collect(m, text, err) < 0) {
        free(scratch);
        phrase_matcher_release(m);
        return -1;
    }
    sort(joined, m->sorted, m->phrases, scratch);
    free(scratch);
    for (uint32_t id = UNKNOWN_ID + 1; id < text->count; id++) {
        size_t length = words_length(text, id);
        m->range[id] =
            narrow(m, (struct phrase_range){0, m->phrases}, 0, words_text(text, id), length);
        m->range[id] = narrow(m, m->range[id], length, delimiter, strlen(delimiter));
    }
    return 0;
}

void phrase_matcher_release(struct phrase_matcher *m)
{
    free(m->sorted);
    free(m->id);
    free(m->range);
    *m = (struct phrase_matcher){0};
}

/* ---- matching ---- */

size_t phrase_match(const struct phrase_matcher *m, const uint32_t *token, size_t n, uint32_t *id)
{
    const size_t delimiter = strlen(m->delimiter);
    size_t matched = 1, depth = words_length(m->text, token[0]) + delimiter;
    struct phrase_range range = m->range[token[0]];
    *id = m->id[token[0]];
    for (size_t i = 1; i < n && range.first < range.end && token[i] != UNKNOWN_ID; i++) {
        size_t length = words_length(m->text, token[i]);
        range = narrow(m, range, depth, words_text(m->text, token[i]), length);
        depth += length;
        if (range.first < range.end && words_length(m->joined, m->sorted[range.first]) == depth) {
            *id = m->sorted[range.first];
            matched = i + 1;
        }
        range = narrow(m, range, depth, m->delimiter, delimiter);
        depth += delimiter;
    }
    return matched;
}

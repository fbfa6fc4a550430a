/* SPDX-License-Identifier: MIT */
#include "search/spelling.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "search/case_folding.h"

static size_t minimum(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* The optimal string alignment distance of a (n) and b (m), or a number greater than `limit` if the
 * distance is greater. `rows` is scratch memory (3 × (m + 1)). */
static size_t edits(const char *a, size_t n, const char *b, size_t m, size_t limit, size_t *rows)
{
    if ((n > m ? n - m : m - n) > limit)
        return limit + 1;
    size_t *before = rows, *above = rows + m + 1, *row = rows + 2 * (m + 1);
    for (size_t j = 0; j <= m; j++)
        above[j] = j;
    for (size_t i = 1; i <= n; i++) {
        row[0] = i;
        size_t best = i;
        for (size_t j = 1; j <= m; j++) {
            size_t change = above[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = minimum(change, minimum(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = minimum(row[j], before[j - 2] + 1);
            best = minimum(best, row[j]);
        }
        if (best > limit)
            return limit + 1;
        size_t *oldest = before;
        before = above;
        above = row;
        row = oldest;
    }
    return above[m];
}

/* ---- forms: words without case, and with one separator ---- */

/* The form of the unknown word, and what is needed to compare others with it. */
struct comparison {
    struct case_folding folding;
    char *form;       /* (length) of the unknown word */
    size_t length;    /* in bytes */
    size_t limit;     /* the most edits */
    uint32_t letters; /* of the unknown word */
    size_t *rows;     /* scratch memory of edits() */
};

static bool is_separator(char c)
{
    return c == ' ' || c == '_' || c == '-';
}

/* Returns the form of a word (*length), valid until the next call, or NULL on error. */
static char *form_of(struct comparison *c, const char *word, size_t *length, struct error *err)
{
    const char *folded = case_folding_form(&c->folding, word, length, err);
    if (!folded)
        return NULL;
    char *form = c->folding.scratch;
    for (size_t i = 0; i < *length; i++)
        if (is_separator(form[i]))
            form[i] = '_';
    return form;
}

/* The set of letters of a word, as bits: the same for words that differ only in case or in their
 * separators, and different in at most two bits after an edit. All bits are set if the word is not
 * ASCII, where this does not hold. */
static uint32_t letters_of(const char *word, size_t length)
{
    uint32_t letters = 0;
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)word[i] >= 0x80)
            return UINT32_MAX;
        if (!is_separator(word[i]))
            letters |= UINT32_C(1) << (word[i] & 31);
    }
    return letters;
}

/* Whether two words may be within the limit: a quick test that rejects most words. */
static bool may_be_close(const struct comparison *c, const char *word, size_t length)
{
    uint32_t letters = letters_of(word, length);
    if (letters == UINT32_MAX || c->letters == UINT32_MAX)
        return true;
    size_t difference = length > c->length ? length - c->length : c->length - length;
    return difference <= c->limit &&
           (size_t)__builtin_popcount(letters ^ c->letters) <= 2 * c->limit;
}

static void comparison_release(struct comparison *c)
{
    case_folding_release(&c->folding);
    free(c->form);
    free(c->rows);
}

static int comparison_init(struct comparison *c, const char *word, size_t length, struct error *err)
{
    *c = (struct comparison){.limit = length < 2   ? 0
                                      : length < 4 ? 1
                                      : length < 9 ? 2
                                                   : length / 3};
    if (case_folding_init(&c->folding, &(struct words){0}, 0, false, err) < 0)
        return -1;
    c->letters = letters_of(word, length);
    c->length = length;
    const char *form = form_of(c, word, &c->length, err);
    c->form = form ? memory_new(c->length + 1, 1, err) : NULL;
    c->rows = memory_new(3 * (c->length + 1), sizeof *c->rows, err);
    if (!c->form || !c->rows) {
        comparison_release(c);
        return -1;
    }
    memcpy(c->form, form, c->length);
    return 0;
}

/* ---- suggestions ---- */

/* Returns the number of edits, or more than `most`; -1 on error. */
static int distance_to(struct comparison *c, const char *word, size_t length, size_t most,
                       struct error *err)
{
    if (!may_be_close(c, word, length))
        return (int)most + 1;
    const char *form = form_of(c, word, &length, err);
    return form ? (int)edits(form, length, c->form, c->length, most, c->rows) : -1;
}

static int find_closest(struct comparison *c, const struct vocab *vocab,
                        uint32_t suggestion[SPELLING_SUGGESTIONS], struct error *err)
{
    int distance[SPELLING_SUGGESTIONS], found = 0;
    for (uint32_t id = vocab_has_unknown(vocab); id < vocab->words.count; id++) {
        /* Words are sorted by falling count: of equally close words the earlier one stays. */
        int most =
            found < SPELLING_SUGGESTIONS ? (int)c->limit : distance[SPELLING_SUGGESTIONS - 1] - 1;
        if (most < 0)
            break;
        int d = distance_to(c, words_text(&vocab->words, id), words_length(&vocab->words, id),
                            (size_t)most, err);
        if (d < 0)
            return -1;
        if (d > most)
            continue;
        int at = found < SPELLING_SUGGESTIONS ? found++ : SPELLING_SUGGESTIONS - 1;
        for (; at > 0 && distance[at - 1] > d; at--) {
            distance[at] = distance[at - 1];
            suggestion[at] = suggestion[at - 1];
        }
        distance[at] = d;
        suggestion[at] = id;
    }
    return found;
}

int spelling_closest(const struct vocab *vocab, const char *word, size_t length,
                     uint32_t suggestion[SPELLING_SUGGESTIONS], struct error *err)
{
    struct comparison c;
    if (length > WORD_MAX)
        return 0;
    if (comparison_init(&c, word, length, err) < 0)
        return -1;
    int found = find_closest(&c, vocab, suggestion, err);
    comparison_release(&c);
    return found;
}

int spelling_suggest(const struct vocab *vocab, const char *word, size_t length, char *to,
                     struct error *err)
{
    uint32_t suggestion[SPELLING_SUGGESTIONS];
    int n = spelling_closest(vocab, word, length, suggestion, err);
    if (n < 0)
        return -1;
    *to = 0;
    for (int i = 0; i < n; i++) {
        size_t used = strlen(to);
        snprintf(to + used, SPELLING_TEXT - used, "%s%.*s",
                 i ? ", " : "; closest: ", (int)words_length(&vocab->words, suggestion[i]),
                 words_text(&vocab->words, suggestion[i]));
    }
    return 0;
}

int spelling_unknown(const struct vocab *vocab, const char *source, const char *word, size_t length,
                     struct error *err)
{
    char suggestions[SPELLING_TEXT];
    if (spelling_suggest(vocab, word, length, suggestions, err) < 0)
        return -1;
    return error_set(err, STATUS_UNKNOWN_WORD, "%s: '%.*s' is not in the vocabulary%s", source,
                     (int)length, word, suggestions);
}

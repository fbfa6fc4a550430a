/* SPDX-License-Identifier: MIT */
#include "search/spelling.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

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

int spelling_closest(const struct vocab *vocab, const char *word, size_t length,
                     uint32_t suggestion[SPELLING_SUGGESTIONS], struct error *err)
{
    size_t distance[SPELLING_SUGGESTIONS], limit = length / 3 < 2 ? 2 : length / 3;
    size_t *rows = memory_new(3 * (length + 1), sizeof *rows, err);
    if (!rows)
        return -1;
    int found = 0;
    for (uint32_t id = vocab_has_unknown(vocab); id < vocab->words.count; id++) {
        /* Words are sorted by falling count: of equally close words the earlier one stays. */
        size_t most = found < SPELLING_SUGGESTIONS ? limit : distance[SPELLING_SUGGESTIONS - 1] - 1;
        if (found == SPELLING_SUGGESTIONS && distance[SPELLING_SUGGESTIONS - 1] == 0)
            break;
        size_t d = edits(words_text(&vocab->words, id), words_length(&vocab->words, id), word,
                         length, most, rows);
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
    free(rows);
    return found;
}

int spelling_unknown(const struct vocab *vocab, const char *source, const char *word, size_t length,
                     struct error *err)
{
    uint32_t suggestion[SPELLING_SUGGESTIONS];
    int n = spelling_closest(vocab, word, length, suggestion, err);
    if (n < 0)
        return -1;
    char suggestions[512] = "";
    for (int i = 0; i < n; i++) {
        size_t used = strlen(suggestions);
        snprintf(suggestions + used, sizeof suggestions - used, "%s%.*s",
                 i ? ", " : "; closest: ", (int)words_length(&vocab->words, suggestion[i]),
                 words_text(&vocab->words, suggestion[i]));
    }
    return error_set(err, STATUS_UNKNOWN_WORD, "%s: '%.*s' is not in the vocabulary%s", source,
                     (int)length, word, suggestions);
}

int spelling_find(const struct vocab *vocab, const char *source, const char *word, uint32_t *id,
                  struct error *err)
{
    *id = words_find(&vocab->words, word, strlen(word));
    return *id != NO_WORD ? 0 : spelling_unknown(vocab, source, word, strlen(word), err);
}

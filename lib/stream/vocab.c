/* SPDX-License-Identifier: MIT */
#include "stream/vocab.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void vocab_release(struct vocab *vocab)
{
    words_release(&vocab->words);
    free(vocab->count);
    *vocab = (struct vocab){0};
}

int vocab_append(struct vocab *vocab, const char *word, size_t length, uint64_t count,
                 struct error *err)
{
    uint32_t id = vocab->words.count;
    if (memory_reserve(&vocab->count, &vocab->count_capacity, (size_t)id + 1, sizeof *vocab->count,
                       err) < 0 ||
        words_append(&vocab->words, word, length, err) < 0)
        return -1;
    vocab->count[id] = count;
    return 0;
}

static bool is_unknown_word(const struct words *words, uint32_t id)
{
    return words_length(words, id) == strlen(UNKNOWN_WORD) &&
           memcmp(words_text(words, id), UNKNOWN_WORD, strlen(UNKNOWN_WORD)) == 0;
}

bool vocab_has_unknown(const struct vocab *vocab)
{
    return vocab->words.count > 0 && is_unknown_word(&vocab->words, UNKNOWN_ID);
}

uint64_t vocab_known_tokens(const struct vocab *vocab)
{
    uint64_t sum = 0;
    for (uint32_t id = UNKNOWN_ID + 1; id < vocab->words.count; id++)
        sum += vocab->count[id];
    return sum;
}

bool vocab_is_counted(const struct vocab *vocab)
{
    return vocab_has_unknown(vocab) && (vocab->words.count == 1 || vocab_known_tokens(vocab) > 0);
}

struct candidate {
    uint64_t count;
    uint32_t word; /* its id in the table */
};

static int by_decreasing_count(const void *left, const void *right)
{
    const struct candidate *a = left, *b = right;
    if (a->count != b->count)
        return a->count < b->count ? 1 : -1;
    return (a->word > b->word) - (a->word < b->word);
}

int vocab_select(struct vocab *vocab, const struct words *words, const uint64_t *counts,
                 uint64_t unknown, uint64_t min_count, uint32_t max_words, uint32_t *new_id,
                 struct error *err)
{
    struct candidate *candidate = memory_new(words->count, sizeof *candidate, err);
    if (!candidate)
        return -1;
    uint32_t found = 0;
    for (uint32_t id = 0; id < words->count; id++) {
        new_id[id] = UNKNOWN_ID;
        if (counts[id] >= min_count && !is_unknown_word(words, id))
            candidate[found++] = (struct candidate){counts[id], id};
        else
            unknown += counts[id];
    }
    qsort(candidate, found, sizeof *candidate, by_decreasing_count);
    for (; found > max_words - 1; found--)
        unknown += candidate[found - 1].count;

    int result = vocab_append(vocab, UNKNOWN_WORD, strlen(UNKNOWN_WORD), unknown, err);
    for (uint32_t i = 0; i < found && result == 0; i++) {
        uint32_t word = candidate[i].word;
        new_id[word] = vocab->words.count;
        result = vocab_append(vocab, words_text(words, word), words_length(words, word),
                              candidate[i].count, err);
    }
    free(candidate);
    return result;
}

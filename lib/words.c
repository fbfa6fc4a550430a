/* SPDX-License-Identifier: MIT */
#include "words.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <xxhash.h>

#include "memory.h"

enum { KEY_SIZE = 192 /* the size of XXH3's own secret */ };

/* Open addressing with linear probing, at most half full. */
struct slot {
    uint32_t hash; /* the high half; the low half chose the slot */
    uint32_t id;   /* NO_WORD: free */
};

struct word_index {
    struct words *words;
    struct slot *slot;
    size_t mask; /* slots − 1, a power of two less one */
    uint8_t key[KEY_SIZE];
};

void words_release(struct words *words)
{
    free(words->text);
    free(words->offset);
    *words = (struct words){0};
}

int words_append(struct words *words, const char *word, size_t length, struct error *err)
{
    if (words->count == WORDS_MAX)
        return error_set(err, STATUS_FAILED, "more than %ld different words", (long)WORDS_MAX);
    uint64_t start = words->count ? words->offset[words->count] : 0;
    if (memory_reserve(&words->text, &words->text_capacity, start + length, 1, err) < 0 ||
        memory_reserve(&words->offset, &words->offset_capacity, (size_t)words->count + 2,
                       sizeof *words->offset, err) < 0)
        return -1;
    memcpy(words->text + start, word, length);
    words->offset[words->count] = start;
    words->offset[++words->count] = start + length;
    return 0;
}

uint32_t words_find(const struct words *words, const char *word, size_t length)
{
    for (uint32_t id = 0; id < words->count; id++)
        if (words_length(words, id) == length && memcmp(words_text(words, id), word, length) == 0)
            return id;
    return NO_WORD;
}

/* Where the word is, or the free slot where it would go. */
static struct slot *probe(const struct word_index *index, const char *word, size_t length,
                          uint64_t hash)
{
    for (size_t at = hash & index->mask;; at = (at + 1) & index->mask) {
        struct slot *slot = &index->slot[at];
        if (slot->id == NO_WORD)
            return slot;
        if (slot->hash == hash >> 32 && words_length(index->words, slot->id) == length &&
            memcmp(words_text(index->words, slot->id), word, length) == 0)
            return slot;
    }
}

static uint64_t hash_of(const struct word_index *index, const char *word, size_t length)
{
    return XXH3_64bits_withSecret(word, length, index->key, KEY_SIZE);
}

static void enter_all(struct word_index *index)
{
    memset(index->slot, 0xff, (index->mask + 1) * sizeof *index->slot);
    for (uint32_t id = 0; id < index->words->count; id++) {
        const char *word = words_text(index->words, id);
        size_t length = words_length(index->words, id);
        uint64_t hash = hash_of(index, word, length);
        *probe(index, word, length, hash) = (struct slot){(uint32_t)(hash >> 32), id};
    }
}

/* A table of at least `wanted` slots with every word entered. */
static int resize(struct word_index *index, size_t wanted, struct error *err)
{
    size_t slots = 1024;
    while (slots < wanted)
        slots *= 2;
    struct slot *fresh = memory_new(slots, sizeof *fresh, err);
    if (!fresh)
        return -1;
    free(index->slot);
    index->slot = fresh;
    index->mask = slots - 1;
    enter_all(index);
    return 0;
}

struct word_index *word_index_new(struct words *words, struct error *err)
{
    struct word_index *index = memory_new(1, sizeof *index, err);
    if (!index)
        return NULL;
    index->words = words;
    if (getrandom(index->key, KEY_SIZE, 0) != KEY_SIZE) {
        error_system(err, "no random key for the word index");
        word_index_free(index);
        return NULL;
    }
    if (resize(index, 2 * (size_t)words->count, err) < 0) {
        word_index_free(index);
        return NULL;
    }
    return index;
}

void word_index_free(struct word_index *index)
{
    if (!index)
        return;
    free(index->slot);
    free(index);
}

uint32_t word_index_find(const struct word_index *index, const char *word, size_t length)
{
    return probe(index, word, length, hash_of(index, word, length))->id;
}

uint32_t word_index_intern(struct word_index *index, const char *word, size_t length,
                           struct error *err)
{
    uint64_t hash = hash_of(index, word, length);
    struct slot *slot = probe(index, word, length, hash);
    if (slot->id != NO_WORD)
        return slot->id;
    uint32_t id = index->words->count;
    if (words_append(index->words, word, length, err) < 0)
        return NO_WORD;
    *slot = (struct slot){(uint32_t)(hash >> 32), id};
    if (2 * (size_t)index->words->count > index->mask + 1 &&
        resize(index, 4 * (size_t)index->words->count, err) < 0)
        return NO_WORD;
    return id;
}

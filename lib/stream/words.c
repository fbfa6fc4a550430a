/* SPDX-License-Identifier: MIT */
#include "stream/words.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/memory.h"
#include "base/random.h"
#include "base/system.h"

enum { SECRET_SIZE = 192 /* the size of XXH3's default secret */ };

/* Words are compared by their keys. The key of a short word, at most 15 bytes, is the word itself:
 * its bytes, zeros, and its length in the highest byte of `second`. The key of a longer word is a
 * hash, with zero in that byte; if two of these are equal, the words are compared. */
struct word_key {
    uint64_t first, second;
};

enum { SHORT_WORD = sizeof(struct word_key) - 1, LENGTH_SHIFT = 56 };

/* A slot of the hash table: open addressing with linear probing, at most half full. */
struct slot {
    uint32_t hash; /* the high half; the low half selects the slot */
    uint32_t id;   /* NO_WORD: free */
};

/* Random bits. Numbers of 128 bits have the high half first. */
struct hash_secret {
    uint64_t factor[2][2]; /* for `first` and `second` of a key */
    uint64_t addend[2];
    uint8_t long_words[SECRET_SIZE]; /* the secret of XXH3 */
};

struct word_index {
    struct words *words;
    struct slot *slot;
    size_t mask;          /* number of slots, a power of two, less one */
    struct word_key *key; /* (words->count) */
    size_t key_capacity;
    struct hash_secret secret;
};

bool word_is_valid(const char *word, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (memchr("\0\t\n\v\f\r ", word[i], 7))
            return false;
    return length > 0 && length <= WORD_MAX;
}

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
    if (memory_reserve(&words->text, &words->text_capacity, start + length + WORD_SLACK, 1, err) <
            0 ||
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

/* ---- keys and their hashes ---- */

static inline uint64_t load(const void *from)
{
    uint64_t number;
    memcpy(&number, from, sizeof number);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    number = __builtin_bswap64(number);
#endif
    return number;
}

/* WORD_SLACK bytes of `text` must be readable. */
static inline struct word_key short_key(const char *text, size_t length)
{
    static const uint8_t ones_and_zeros[2 * 16] = {
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    };
    const uint8_t *mask = ones_and_zeros + 16 - length;
    return (struct word_key){load(text) & load(mask),
                             (load(text + 8) & load(mask + 8)) | (uint64_t)length << LENGTH_SHIFT};
}

static struct word_key long_key(const struct word_index *index, const char *text, size_t length)
{
    uint64_t hash = XXH3_64bits_withSecret(text, length, index->secret.long_words, SECRET_SIZE);
    return (struct word_key){hash, hash & ((UINT64_C(1) << LENGTH_SHIFT) - 1)};
}

static struct word_key key_of(const struct word_index *index, const char *text, size_t length)
{
    char copy[WORD_SLACK] = {0};
    if (length > SHORT_WORD)
        return long_key(index, text, length);
    memcpy(copy, text, length);
    return short_key(copy, length);
}

/* The high half of (a · first + b · second + c) mod 2^128, where a, b and c have 128 secret bits.
 * This family is strongly universal (Dietzfelbinger's multiply-shift, for vectors): two different
 * keys, even chosen by an attacker, agree in all or some of these 64 bits only as often as random
 * numbers. */
static inline uint64_t hash_of(const struct hash_secret *secret, struct word_key key)
{
    uint64_t low, other, high = secret->addend[0];
    high += multiply_wide(secret->factor[0][1], key.first, &low);
    high += multiply_wide(secret->factor[1][1], key.second, &other);
    high += secret->factor[0][0] * key.first + secret->factor[1][0] * key.second;
    low += other;
    high += low < other;
    low += secret->addend[1];
    return high + (low < secret->addend[1]);
}

/* ---- the table ---- */

static bool is_word(const struct word_index *index, uint32_t id, struct word_key key,
                    const char *text, size_t length)
{
    const struct word_key *stored = &index->key[id];
    return stored->first == key.first && stored->second == key.second &&
           (key.second >> LENGTH_SHIFT ||
            (words_length(index->words, id) == length &&
             memcmp(words_text(index->words, id), text, length) == 0));
}

/* The slot of the word, or the free slot where it belongs. */
static inline struct slot *probe(const struct word_index *index, struct word_key key, uint64_t hash,
                                 const char *text, size_t length)
{
    for (size_t at = hash & index->mask;; at = (at + 1) & index->mask) {
        struct slot *slot = &index->slot[at];
        if (slot->hash == hash >> 32 && slot->id != NO_WORD &&
            is_word(index, slot->id, key, text, length))
            return slot;
        if (slot->id == NO_WORD)
            return slot;
    }
}

/* Replaces the hash table by one of at least `min_slots` slots, with all words. */
static int resize(struct word_index *index, size_t min_slots, struct error *err)
{
    size_t slots = 1024;
    while (slots < min_slots)
        slots *= 2;
    struct slot *slot = memory_new(slots, sizeof *slot, err);
    if (!slot)
        return -1;
    memset(slot, 0xff, slots * sizeof *slot);
    free(index->slot);
    index->slot = slot;
    index->mask = slots - 1;
    for (uint32_t id = 0; id < index->words->count; id++) {
        uint64_t hash = hash_of(&index->secret, index->key[id]);
        size_t at = hash & index->mask;
        while (slot[at].id != NO_WORD) /* no comparison: the words are distinct */
            at = (at + 1) & index->mask;
        slot[at] = (struct slot){(uint32_t)(hash >> 32), id};
    }
    return 0;
}

static int make_keys(struct word_index *index, struct error *err)
{
    const struct words *words = index->words;
    if (memory_reserve(&index->key, &index->key_capacity, words->count, sizeof *index->key, err) <
        0)
        return -1;
    for (uint32_t id = 0; id < words->count; id++)
        index->key[id] = key_of(index, words_text(words, id), words_length(words, id));
    return 0;
}

struct word_index *word_index_new(struct words *words, struct error *err)
{
    struct word_index *index = memory_new(1, sizeof *index, err);
    if (!index)
        return NULL;
    index->words = words;
    if (system_random(&index->secret, sizeof index->secret) < 0) {
        error_system(err, "cannot generate a random key for the word index");
        word_index_free(index);
        return NULL;
    }
    if (make_keys(index, err) < 0 || resize(index, 2 * (size_t)words->count, err) < 0) {
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
    free(index->key);
    free(index);
}

/* Appends a new word; `slot` is its free slot. Returns its id, or NO_WORD on error. */
static uint32_t append(struct word_index *index, struct slot *slot, struct word_key key,
                       uint64_t hash, const char *text, size_t length, struct error *err)
{
    uint32_t id = index->words->count;
    if (memory_reserve(&index->key, &index->key_capacity, (size_t)id + 1, sizeof *index->key, err) <
            0 ||
        words_append(index->words, text, length, err) < 0)
        return NO_WORD;
    index->key[id] = key;
    *slot = (struct slot){(uint32_t)(hash >> 32), id};
    if (2 * (size_t)index->words->count > index->mask + 1 &&
        resize(index, 2 * (size_t)index->words->count, err) < 0)
        return NO_WORD;
    return id;
}

/* ---- one word ---- */

uint32_t word_index_find(const struct word_index *index, const char *word, size_t length)
{
    struct word_key key = key_of(index, word, length);
    return probe(index, key, hash_of(&index->secret, key), word, length)->id;
}

uint32_t word_index_intern(struct word_index *index, const char *word, size_t length,
                           struct error *err)
{
    struct word_key key = key_of(index, word, length);
    uint64_t hash = hash_of(&index->secret, key);
    struct slot *slot = probe(index, key, hash, word, length);
    return slot->id != NO_WORD ? slot->id : append(index, slot, key, hash, word, length, err);
}

/* ---- many words ---- */

/* The keys and hashes of many tokens, meaningless for those that are not words. */
struct hashed {
    struct word_key key[TOKENS_MAX];
    uint64_t hash[TOKENS_MAX];
};

/* Computes all hashes before the first look-up, and prefetches all slots, then all keys, so that
 * they are in a cache when they are needed. */
static void hash_all(const struct word_index *index, const struct tokens *tokens,
                     struct hashed *hashed)
{
    for (uint32_t i = 0; i < tokens->count; i++) {
        struct word_key key = {0};
        if (tokens->length[i] <= SHORT_WORD) /* a line end too: meaningless, but harmless */
            key = short_key(tokens->text[i], tokens->length[i]);
        else if (token_is_word(tokens, i))
            key = long_key(index, tokens->text[i], tokens->length[i]);
        hashed->key[i] = key;
        hashed->hash[i] = hash_of(&index->secret, key);
        __builtin_prefetch(&index->slot[hashed->hash[i] & index->mask]);
    }
    for (uint32_t i = 0; i < tokens->count; i++) {
        uint32_t id = index->slot[hashed->hash[i] & index->mask].id;
        if (id != NO_WORD)
            __builtin_prefetch(&index->key[id]);
    }
}

void word_index_find_all(const struct word_index *index, const struct tokens *tokens, uint32_t *id)
{
    struct hashed hashed;
    hash_all(index, tokens, &hashed);
    for (uint32_t i = 0; i < tokens->count; i++)
        id[i] = token_is_word(tokens, i) ? probe(index, hashed.key[i], hashed.hash[i],
                                                 tokens->text[i], tokens->length[i])
                                               ->id
                                         : NO_WORD;
}

int word_index_intern_all(struct word_index *index, const struct tokens *tokens, uint32_t *id,
                          struct error *err)
{
    struct hashed hashed;
    hash_all(index, tokens, &hashed);
    for (uint32_t i = 0; i < tokens->count; i++) {
        id[i] = NO_WORD;
        if (!token_is_word(tokens, i))
            continue;
        const char *text = tokens->text[i];
        uint32_t length = tokens->length[i];
        struct slot *slot = probe(index, hashed.key[i], hashed.hash[i], text, length);
        id[i] = slot->id;
        if (id[i] != NO_WORD)
            continue;
        id[i] = append(index, slot, hashed.key[i], hashed.hash[i], text, length, err);
        if (id[i] == NO_WORD)
            return -1;
    }
    return 0;
}

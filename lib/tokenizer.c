/* SPDX-License-Identifier: MIT */
#include "tokenizer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "memory.h"

enum {
    BLOCK = 64, /* bytes that are looked at together */
    /* Small beside the second-level cache, which is for the table of words. */
    READ_SIZE = 1 << 17,
    CAPACITY = READ_SIZE + WORD_MAX + 1,
    PER_BLOCK = BLOCK + 1 /* tokens that may end in a block: a word, then empty lines */
};

int tokenizer_init(struct tokenizer *t, int fd, const char *name, struct error *err)
{
    *t = (struct tokenizer){.fd = fd, .name = name};
    t->buffer =
        memory_new(CAPACITY + BLOCK, 1, err); /* the last block may begin at the last byte */
    return t->buffer ? 0 : -1;
}

void tokenizer_release(struct tokenizer *t)
{
    free(t->buffer);
    *t = (struct tokenizer){0};
}

/* Moves the open word to the front and reads more behind it. */
static int refill(struct tokenizer *t, struct error *err)
{
    if (t->end - t->start > WORD_MAX) {
        t->too_long = true;
        t->start = t->end;
    }
    size_t kept = t->end - t->start;
    if (t->start > 0)
        memmove(t->buffer, t->buffer + t->start, kept);
    t->start = 0;
    t->next = t->end = kept;
    ssize_t n;
    do
        n = read(t->fd, t->buffer + kept, READ_SIZE);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return error_system(err, "%s: read failed at byte %llu", t->name,
                            (unsigned long long)t->bytes);
    t->end += (size_t)n;
    t->bytes += (uint64_t)n;
    t->end_of_file = n == 0;
    if (n > 0)
        t->line_open = t->buffer[t->end - 1] != '\n';
    t->zeros = (t->zeros && memchr(t->buffer, 0, kept)) || memchr(t->buffer + kept, 0, (size_t)n);
    return 0;
}

#ifdef __SSE2__

/* Bit i tells that byte i of the block is white space: 9 to 13 or 32. */
static uint64_t spaces_in_block(const char *text)
{
    uint64_t spaces = 0;
    for (int i = 0; i < BLOCK; i += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(text + i));
        __m128i from_9 = _mm_sub_epi8(bytes, _mm_set1_epi8(9));
        __m128i to_13 = _mm_cmpeq_epi8(_mm_min_epu8(from_9, _mm_set1_epi8(13 - 9)), from_9);
        __m128i space = _mm_or_si128(to_13, _mm_cmpeq_epi8(bytes, _mm_set1_epi8(' ')));
        spaces |= (uint64_t)_mm_movemask_epi8(space) << i;
    }
    return spaces;
}

#else

/* The same of eight bytes, in a plain register. */
static uint64_t spaces_in_word(const char *text)
{
    const uint64_t ones = 0x0101010101010101, high = 0x80 * ones, low = 0x7f * ones;
    uint64_t x;
    memcpy(&x, text, sizeof x);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    x = __builtin_bswap64(x);
#endif
    /* The high bit of each byte, without a carry from one byte to the next. */
    uint64_t x7 = x & low;
    uint64_t from_9 = x7 + (0x80 - 9) * ones, from_14 = x7 + (0x80 - 14) * ones;
    uint64_t not_32 = (x7 ^ ' ' * ones) + low;
    uint64_t space = ((from_9 & ~from_14) | ~not_32) & ~x & high;
    return (space >> 7) * 0x0102040810204080 >> 56;
}

static uint64_t spaces_in_block(const char *text)
{
    uint64_t spaces = 0;
    for (int i = 0; i < BLOCK; i += 8)
        spaces |= spaces_in_word(text + i) << i;
    return spaces;
}

#endif

/* Ends the open word at `at`, where there is white space or the end of the input. */
static void end_word(struct tokenizer *t, struct tokens *tokens, size_t at)
{
    if (t->too_long || at > t->start) {
        tokens->text[tokens->count] = t->buffer + t->start;
        tokens->length[tokens->count++] = t->too_long ? TOKEN_BAD_WORD : (uint32_t)(at - t->start);
    }
    t->too_long = false;
    t->start = at;
}

/* The tokens that end in the next block. */
static void take_block(struct tokenizer *t, struct tokens *tokens)
{
    const char *block = t->buffer + t->next;
    uint64_t spaces = spaces_in_block(block);
    if (t->end - t->next < BLOCK)
        spaces &= (UINT64_C(1) << (t->end - t->next)) - 1;
    if (t->too_long && spaces)
        end_word(t, tokens, t->next + (size_t)__builtin_ctzll(spaces));
    const char *start = t->buffer + t->start;
    uint32_t count = tokens->count;
    for (; spaces; spaces &= spaces - 1) {
        const char *end = block + __builtin_ctzll(spaces);
        /* Written also where there is no word, and then overwritten: a branch would often be
         * foreseen wrongly. */
        tokens->text[count] = start;
        tokens->length[count] = (uint32_t)(end - start);
        count += end > start;
        start = end + 1;
        if (*end == '\n')
            tokens->length[count++] = TOKEN_LINE_END;
    }
    tokens->count = count;
    t->start = (size_t)(start - t->buffer);
    t->next = t->end - t->next < BLOCK ? t->end : t->next + BLOCK;
}

/* Words with a zero byte become bad words. */
static void mark_zeros(struct tokens *tokens)
{
    for (uint32_t i = 0; i < tokens->count; i++)
        if (token_is_word(tokens, i) && memchr(tokens->text[i], 0, tokens->length[i]))
            tokens->length[i] = TOKEN_BAD_WORD;
}

int tokenizer_read(struct tokenizer *t, struct tokens *tokens, struct error *err)
{
    tokens->count = 0;
    while (tokens->count == 0) {
        if (t->next == t->end && !t->end_of_file && refill(t, err) < 0)
            return -1;
        while (t->next < t->end && tokens->count <= TOKENS_MAX - PER_BLOCK)
            take_block(t, tokens);
        if (t->end_of_file && t->next == t->end) {
            end_word(t, tokens, t->end);
            if (t->line_open)
                tokens->length[tokens->count++] = TOKEN_LINE_END;
            t->line_open = false;
            break;
        }
    }
    if (t->zeros)
        mark_zeros(tokens);
    return tokens->count > 0;
}

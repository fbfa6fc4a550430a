/* SPDX-License-Identifier: MIT */
#include "text/tokenizer.h"

#include <stdlib.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/content.h"
#include "base/memory.h"

enum {
    SCAN_BYTES = 64,             /* bytes that are scanned together */
    SCAN_TOKENS = SCAN_BYTES + 1 /* the most tokens in them: one word, then empty lines */
};

/* ---- blocks of a text ---- */

/* An unfinished word that is not too long yet, and the bytes read after it. */
static size_t block_capacity(const struct text_reader *t)
{
    return WORD_MAX + t->block_size;
}

int text_reader_init_files(struct text_reader *t, const struct text_file *file, size_t count,
                           size_t block_size, struct error *err)
{
    size_t head = block_size > CONTENT_PROBE ? block_size : CONTENT_PROBE;
    *t = (struct text_reader){.block_size = block_size};
    t->carry = memory_new(WORD_MAX, 1, err);
    if (!t->carry)
        return -1;
    if (text_files_init(&t->files, file, count, head, err) == 0)
        return 0;
    free(t->carry);
    return -1;
}

int text_reader_init(struct text_reader *t, int fd, const char *name, size_t block_size,
                     struct error *err)
{
    const struct text_file file = {.name = name, .fd = fd};
    return text_reader_init_files(t, &file, 1, block_size, err);
}

void text_reader_release(struct text_reader *t)
{
    text_files_release(&t->files);
    free(t->carry);
    *t = (struct text_reader){0};
}

void text_block_release(struct text_block *b)
{
    free(b->data);
    *b = (struct text_block){0};
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Reads block_size bytes, or fewer at the end of the text. */
static int fill(struct text_reader *t, struct text_block *b, struct error *err)
{
    for (size_t missing = t->block_size; missing > 0 && !t->ended;) {
        ssize_t n = text_files_read(&t->files, b->data + b->size, missing, err);
        if (n < 0)
            return -1;
        t->ended = n == 0;
        b->size += (size_t)n;
        missing -= (size_t)n;
    }
    return 0;
}

/* Ends the block after its last white space and carries the bytes after it over to the next block.
 * Returns false if the block has no white space. */
static bool trim_to_space(struct text_reader *t, struct text_block *b)
{
    size_t end = b->size, after;
    while (end > 0 && !is_space(b->data[end - 1]))
        end--;
    if (end == 0)
        return false;
    after = b->size - end;
    t->too_long = after > WORD_MAX;
    t->word_offset = t->files.bytes - after;
    t->carry_size = t->too_long ? 0 : after;
    memcpy(t->carry, b->data + end, t->carry_size);
    b->size = end;
    return true;
}

/* Drops the bytes read so far of a word that is too long. */
static void drop_word(struct text_reader *t, struct text_block *b)
{
    if (!b->too_long)
        b->word_offset = b->offset;
    b->too_long = true;
    b->offset = t->files.bytes;
    b->size = 0;
}

int text_reader_read(struct text_reader *t, struct text_block *b, struct error *err)
{
    if (t->ended)
        return 0;
    if (!b->data && !(b->data = memory_new(block_capacity(t) + SCAN_BYTES, 1, err)))
        return -1;
    *b = (struct text_block){.data = b->data,
                             .size = t->carry_size,
                             .offset = t->files.bytes - t->carry_size,
                             .too_long = t->too_long,
                             .word_offset = t->word_offset};
    memcpy(b->data, t->carry, t->carry_size);
    for (;;) {
        if (fill(t, b, err) < 0)
            return -1;
        if (t->ended || trim_to_space(t, b))
            break;
        if (b->too_long || b->size > WORD_MAX)
            drop_word(t, b);
    }
    b->last = t->ended;
    b->line_open = t->ended && t->files.line_open;
    b->files = t->files.begun;
    return b->size > 0 || b->too_long || b->line_open;
}

/* ---- white space ---- */

#ifdef __SSE2__

/* Returns a mask: bit i is set if byte i of these SCAN_BYTES bytes is white space (9 to 13, or
 * 32). */
static uint64_t find_spaces(const char *text)
{
    uint64_t spaces = 0;
    for (int i = 0; i < SCAN_BYTES; i += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(text + i));
        __m128i from_9 = _mm_sub_epi8(bytes, _mm_set1_epi8(9));
        __m128i to_13 = _mm_cmpeq_epi8(_mm_min_epu8(from_9, _mm_set1_epi8(13 - 9)), from_9);
        __m128i space = _mm_or_si128(to_13, _mm_cmpeq_epi8(bytes, _mm_set1_epi8(' ')));
        spaces |= (uint64_t)_mm_movemask_epi8(space) << i;
    }
    return spaces;
}

#else

/* The mask of eight bytes, without SIMD. */
static uint64_t find_spaces_8(const char *text)
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

static uint64_t find_spaces(const char *text)
{
    uint64_t spaces = 0;
    for (int i = 0; i < SCAN_BYTES; i += 8)
        spaces |= find_spaces_8(text + i) << i;
    return spaces;
}

#endif

/* ---- tokens ---- */

struct tokenizer tokenizer_over(const struct text_block *block)
{
    return (struct tokenizer){.block = block,
                              .zeros = block->size > 0 && memchr(block->data, 0, block->size),
                              .too_long = block->too_long,
                              .line_open = block->line_open};
}

/* The byte offset in the whole text of the word at `text`. */
static uint64_t offset_of(const struct tokenizer *t, const char *text)
{
    const struct text_block *b = t->block;
    return b->too_long && text == b->data ? b->word_offset : b->offset + (uint64_t)(text - b->data);
}

/* Ends the unfinished word at index `at`, which is white space or the end of the input. */
static void end_word(struct tokenizer *t, struct tokens *tokens, size_t at)
{
    if (t->too_long || at > t->start) {
        tokens->text[tokens->count] = t->block->data + t->start;
        tokens->length[tokens->count++] = t->too_long ? TOKEN_BAD_WORD : (uint32_t)(at - t->start);
    }
    t->too_long = false;
    t->start = at;
}

/* Appends the tokens that end in the next SCAN_BYTES bytes. */
static void scan(struct tokenizer *t, struct tokens *tokens)
{
    const char *text = t->block->data + t->next;
    size_t left = t->block->size - t->next;
    uint64_t spaces = find_spaces(text);
    if (left < SCAN_BYTES)
        spaces &= (UINT64_C(1) << left) - 1;
    if (t->too_long && spaces)
        end_word(t, tokens, t->next + (size_t)__builtin_ctzll(spaces));
    const char *start = t->block->data + t->start;
    uint32_t count = tokens->count;
    for (; spaces; spaces &= spaces - 1) {
        const char *end = text + __builtin_ctzll(spaces);
        /* Both tokens are always written, and overwritten if there is no word or no end of line
         * here: a branch would often be mispredicted. */
        tokens->text[count] = start;
        tokens->length[count] = (uint32_t)(end - start);
        count += end > start;
        start = end + 1;
        tokens->text[count] = end;
        tokens->length[count] = TOKEN_LINE_END;
        count += *end == '\n';
    }
    tokens->count = count;
    t->start = (size_t)(start - t->block->data);
    t->next += left < SCAN_BYTES ? left : SCAN_BYTES;
}

/* At the end of the text: ends the unfinished word and the unfinished line. */
static void scan_end(struct tokenizer *t, struct tokens *tokens)
{
    end_word(t, tokens, t->block->size);
    if (t->line_open) {
        tokens->text[tokens->count] = t->block->data + t->block->size;
        tokens->length[tokens->count++] = TOKEN_LINE_END;
    }
    t->line_open = false;
}

/* Turns words with a zero byte into bad words. */
static void mark_zeros(struct tokens *tokens)
{
    for (uint32_t i = 0; i < tokens->count; i++)
        if (token_is_word(tokens, i) && memchr(tokens->text[i], 0, tokens->length[i]))
            tokens->length[i] = TOKEN_BAD_WORD;
}

int tokenizer_refuse_bad_words(const struct tokenizer *t, const struct tokens *tokens,
                               const struct text_files *files, struct error *err)
{
    for (uint32_t i = 0; i < tokens->count; i++) {
        if (tokens->length[i] <= WORD_MAX)
            continue;
        uint64_t offset = offset_of(t, tokens->text[i]);
        const struct text_file *file = text_files_at(files, t->block->files, offset);
        return error_set(err, STATUS_INPUT,
                         "%s: byte %llu: word longer than %d bytes or with a zero byte", file->name,
                         (unsigned long long)text_file_position(file, offset), WORD_MAX);
    }
    return 0;
}

bool tokenizer_next(struct tokenizer *t, struct tokens *tokens)
{
    tokens->count = 0;
    while (t->next < t->block->size && tokens->count <= TOKENS_MAX - SCAN_TOKENS)
        scan(t, tokens);
    if (t->next == t->block->size && t->block->last && tokens->count <= TOKENS_MAX - SCAN_TOKENS)
        scan_end(t, tokens);
    if (t->zeros)
        mark_zeros(tokens);
    return tokens->count > 0;
}

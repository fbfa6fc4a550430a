/* SPDX-License-Identifier: MIT */
/* bytes.h -- little-endian numbers in memory: a growing buffer to write, a cursor to read.
 *
 * Arrays use the same functions as single numbers: on a little-endian machine the loops compile to
 * plain copies.
 */
#ifndef SGNS_BYTES_H
#define SGNS_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"

/* Converts a number of `size` (2 or 4) bytes between the machine's byte order and little-endian. */
static inline uint32_t bytes_swap_if_big_endian(uint32_t value, unsigned size)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return size == 2 ? __builtin_bswap16((uint16_t)value) : __builtin_bswap32(value);
#else
    (void)size;
    return value;
#endif
}

/* Store or load one number at p, which has room for it and may be unaligned. */
static inline void bytes_store_u16(uint8_t *p, uint32_t value)
{
    uint16_t low = (uint16_t)bytes_swap_if_big_endian(value, 2);
    memcpy(p, &low, sizeof low);
}

static inline void bytes_store_u32(uint8_t *p, uint32_t value)
{
    value = bytes_swap_if_big_endian(value, 4);
    memcpy(p, &value, sizeof value);
}

static inline uint32_t bytes_load_u16(const uint8_t *p)
{
    uint16_t value;
    memcpy(&value, p, sizeof value);
    return bytes_swap_if_big_endian(value, 2);
}

static inline uint32_t bytes_load_u32(const uint8_t *p)
{
    uint32_t value;
    memcpy(&value, p, sizeof value);
    return bytes_swap_if_big_endian(value, 4);
}

/* A buffer that grows. All fields zero: an empty buffer. Release it with free(data). */
struct bytes {
    uint8_t *data;
    size_t size, capacity;
};

/* Append to the buffer; sizes in bytes, n in numbers. Return 0, or -1 and status 1 if memory runs
 * out. */
int bytes_put(struct bytes *b, const void *data, size_t size, struct error *err) MUST_USE;
int bytes_put_u16(struct bytes *b, uint16_t value, struct error *err) MUST_USE;
int bytes_put_u32(struct bytes *b, uint32_t value, struct error *err) MUST_USE;
int bytes_put_u64(struct bytes *b, uint64_t value, struct error *err) MUST_USE;
int bytes_put_f32_array(struct bytes *b, const float *value, size_t n, struct error *err) MUST_USE;
int bytes_put_u32_array(struct bytes *b, const uint32_t *value, size_t n,
                        struct error *err) MUST_USE;

/* Appends `n` ids, or other numbers known to fit, in `width` (2 or 4) bytes each; higher bits are
 * dropped. */
int bytes_put_narrow_array(struct bytes *b, const uint32_t *value, size_t n, unsigned width,
                           struct error *err) MUST_USE;

/* Reads from `data` to `end`. A read past the end gives zeros and sets `overrun`, so one check
 * after a sequence of reads is enough. */
struct cursor {
    const uint8_t *data, *end;
    bool overrun;
};

struct cursor cursor_over(const uint8_t *data, size_t size);
size_t cursor_left(const struct cursor *c);
/* Whether exactly all bytes were read, without an overrun. */
bool cursor_exhausted(const struct cursor *c);
/* The next `size` bytes, or NULL on overrun. */
const uint8_t *cursor_bytes(struct cursor *c, size_t size);
uint16_t cursor_u16(struct cursor *c);
uint32_t cursor_u32(struct cursor *c);
uint64_t cursor_u64(struct cursor *c);
/* Read `n` numbers, of `width` (2 or 4) bytes each or f32, into value (n). On overrun they store
 * nothing and return false. */
bool cursor_narrow_array(struct cursor *c, uint32_t *value, size_t n, unsigned width);
bool cursor_f32_array(struct cursor *c, float *value, size_t n);

#endif

/* SPDX-License-Identifier: MIT */
#include "base/bytes.h"

#include <string.h>

#include "base/memory.h"

/* Appends `size` bytes with undefined values. Returns the first, or NULL on error. */
static uint8_t *extend(struct bytes *b, size_t size, struct error *err)
{
    /* One byte more than needed, so that a size of 0 gives a valid pointer too. */
    if (memory_reserve(&b->data, &b->capacity, b->size + size + 1, 1, err) < 0)
        return NULL;
    uint8_t *appended = b->data + b->size;
    b->size += size;
    return appended;
}

int bytes_put(struct bytes *b, const void *data, size_t size, struct error *err)
{
    if (size == 0) /* `data` may be NULL, which memcpy does not allow */
        return 0;
    uint8_t *to = extend(b, size, err);
    if (!to)
        return -1;
    memcpy(to, data, size);
    return 0;
}

int bytes_put_u16(struct bytes *b, uint16_t value, struct error *err)
{
    uint8_t *to = extend(b, 2, err);
    if (!to)
        return -1;
    bytes_store_u16(to, value);
    return 0;
}

int bytes_put_u32(struct bytes *b, uint32_t value, struct error *err)
{
    return bytes_put_u32_array(b, &value, 1, err);
}

int bytes_put_u64(struct bytes *b, uint64_t value, struct error *err)
{
    uint32_t half[2] = {(uint32_t)value, (uint32_t)(value >> 32)};
    return bytes_put_u32_array(b, half, 2, err);
}

int bytes_put_f32_array(struct bytes *b, const float *value, size_t n, struct error *err)
{
    uint8_t *to = extend(b, 4 * n, err);
    if (!to)
        return -1;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &value[i], 4);
        bytes_store_u32(to + 4 * i, bits);
    }
    return 0;
}

int bytes_put_u32_array(struct bytes *b, const uint32_t *value, size_t n, struct error *err)
{
    return bytes_put_narrow_array(b, value, n, 4, err);
}

int bytes_put_narrow_array(struct bytes *b, const uint32_t *value, size_t n, unsigned width,
                           struct error *err)
{
    uint8_t *to = extend(b, n * width, err);
    if (!to)
        return -1;
    if (width == 2)
        for (size_t i = 0; i < n; i++)
            bytes_store_u16(to + 2 * i, value[i]);
    else
        for (size_t i = 0; i < n; i++)
            bytes_store_u32(to + 4 * i, value[i]);
    return 0;
}

struct cursor cursor_over(const uint8_t *data, size_t size)
{
    return (struct cursor){.data = data, .end = data + size, .overrun = false};
}

size_t cursor_left(const struct cursor *c)
{
    return (size_t)(c->end - c->data);
}

bool cursor_exhausted(const struct cursor *c)
{
    return !c->overrun && c->data == c->end;
}

const uint8_t *cursor_bytes(struct cursor *c, size_t size)
{
    if (c->overrun || cursor_left(c) < size) {
        c->overrun = true;
        return NULL;
    }
    const uint8_t *first = c->data;
    c->data += size;
    return first;
}

uint16_t cursor_u16(struct cursor *c)
{
    const uint8_t *p = cursor_bytes(c, 2);
    return p ? (uint16_t)bytes_load_u16(p) : 0;
}

uint32_t cursor_u32(struct cursor *c)
{
    const uint8_t *p = cursor_bytes(c, 4);
    return p ? bytes_load_u32(p) : 0;
}

uint64_t cursor_u64(struct cursor *c)
{
    const uint8_t *p = cursor_bytes(c, 8);
    return p ? bytes_load_u32(p) | (uint64_t)bytes_load_u32(p + 4) << 32 : 0;
}

/* Takes `n` items of `size` bytes. NULL on overrun, also where n × size would overflow. */
static const uint8_t *cursor_items(struct cursor *c, size_t n, size_t size)
{
    if (n > cursor_left(c) / size) {
        c->overrun = true;
        return NULL;
    }
    return cursor_bytes(c, n * size);
}

bool cursor_narrow_array(struct cursor *c, uint32_t *value, size_t n, unsigned width)
{
    const uint8_t *p = cursor_items(c, n, width);
    if (!p)
        return false;
    if (width == 2)
        for (size_t i = 0; i < n; i++)
            value[i] = bytes_load_u16(p + 2 * i);
    else
        for (size_t i = 0; i < n; i++)
            value[i] = bytes_load_u32(p + 4 * i);
    return true;
}

bool cursor_f32_array(struct cursor *c, float *value, size_t n)
{
    const uint8_t *p = cursor_items(c, n, 4);
    if (!p)
        return false;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits = bytes_load_u32(p + 4 * i);
        memcpy(&value[i], &bits, 4);
    }
    return true;
}

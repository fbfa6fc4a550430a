/* SPDX-License-Identifier: MIT */
/* probe.h -- the start of an input, which content.c and wide_text.h examine. */
#ifndef SGNS_PROBE_H
#define SGNS_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct probe {
    const uint8_t *data;
    size_t size;
    size_t controls; /* characters among them, see probe_is_control() */
};

/* Control characters, except white space, that occur in no encoding's text but by accident. Escape,
 * shift out and shift in switch character sets (ISO 2022), backspace prints bold type. */
static inline bool probe_is_control(uint8_t c)
{
    return c < ' ' && !(c >= '\b' && c <= 0x0f) && c != 0x1b;
}

static inline bool probe_starts_with(struct probe p, size_t offset, const char *bytes, size_t size)
{
    return p.size >= offset + size && memcmp(p.data + offset, bytes, size) == 0;
}

#endif

/* SPDX-License-Identifier: MIT */
#include "text.h"

#include <stdint.h>

/* Bytes of the printable UTF-8 character at `p`, or 0 if there is none. */
static size_t printable(const uint8_t *p, size_t left)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (p[0] < 0x80)
        return p[0] >= 0x20 && p[0] != 0x7f;
    size_t size = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : p[0] >= 0xc0 ? 2 : 0;
    if (size == 0 || p[0] > 0xf4 || size > left)
        return 0;
    uint32_t character = p[0] & (0x7fu >> size);
    for (size_t i = 1; i < size; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        character = character << 6 | (p[i] & 0x3fu);
    }
    if (character < smallest[size] || character > 0x10ffff || (character >> 11) == 0x1b ||
        character < 0xa0)
        return 0;
    return size;
}

void text_print_escaped(FILE *file, const char *text, size_t length)
{
    const uint8_t *p = (const uint8_t *)text;
    for (size_t at = 0; at < length;) {
        size_t size = printable(p + at, length - at);
        if (size > 0) {
            fwrite(p + at, 1, size, file);
            at += size;
        } else {
            fprintf(file, "\\x%02x", p[at++]);
        }
    }
}

void text_print(FILE *file, const char *text, size_t length, bool terminal)
{
    if (terminal)
        text_print_escaped(file, text, length);
    else
        fwrite(text, 1, length, file);
}

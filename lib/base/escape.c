/* SPDX-License-Identifier: MIT */
#include "base/escape.h"

#include <stdint.h>
#include <string.h>

size_t utf8_decode(const char *text, size_t left, uint32_t *character)
{
    const uint8_t *p = (const uint8_t *)text;
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    *character = p[0];
    if (p[0] < 0x80)
        return 1;
    size_t size = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : p[0] >= 0xc0 ? 2 : 0;
    if (size == 0 || p[0] > 0xf4 || size > left)
        return 0;
    *character = p[0] & (0x7fu >> size);
    for (size_t i = 1; i < size; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        *character = *character << 6 | (p[i] & 0x3fu);
    }
    if (*character < smallest[size] || *character > 0x10ffff || (*character >> 11) == 0x1b)
        return 0;
    return size;
}

static bool is_control(uint32_t character)
{
    return character < 0x20 || (character >= 0x7f && character < 0xa0);
}

/* The size in bytes of the printable UTF-8 character at the start of `text`; 0 if there is none. */
static size_t printable_size(const char *text, size_t left)
{
    uint32_t character;
    size_t size = utf8_decode(text, left, &character);
    return is_control(character) ? 0 : size;
}

/* Copies the first character of `text` to `to` (room for 4 bytes), escaped unless it is printable.
 * Returns its size in `text`; *size is its size in `to`, both in bytes. */
static size_t escape_next(const char *text, size_t left, char *to, size_t *size)
{
    static const char digits[] = "0123456789abcdef";
    size_t length = printable_size(text, left);
    *size = length ? length : 4;
    if (length)
        memcpy(to, text, length);
    else
        memcpy(to, (char[]){'\\', 'x', digits[(uint8_t)*text >> 4], digits[*text & 15]}, 4);
    return length ? length : 1;
}

size_t escape_copy(char *to, const char *text, size_t length)
{
    size_t size, used = 0;
    for (size_t at = 0; at < length; used += size)
        at += escape_next(text + at, length - at, to + used, &size);
    return used;
}

void escape_print(FILE *file, const char *text, size_t length)
{
    char character[4];
    size_t size;
    for (size_t at = 0; at < length;) {
        at += escape_next(text + at, length - at, character, &size);
        fwrite(character, 1, size, file);
    }
}

void escape_print_if(FILE *file, const char *text, size_t length, bool terminal)
{
    if (terminal)
        escape_print(file, text, length);
    else
        fwrite(text, 1, length, file);
}

bool escape_is_needed(const char *text, size_t length)
{
    size_t at = 0, size;
    while (at < length && (size = printable_size(text + at, length - at)) > 0)
        at += size;
    return at < length;
}

void escape_print_json(FILE *file, const char *text, size_t length)
{
    fputc('"', file);
    for (size_t at = 0, size; at < length; at += size ? size : 1) {
        uint32_t character;
        size = utf8_decode(text + at, length - at, &character);
        if (size == 0)
            fprintf(file, "\\udc%02x", (uint8_t)text[at]);
        else if (is_control(character))
            fprintf(file, "\\u%04x", (unsigned)character);
        else if (character == '"' || character == '\\')
            fprintf(file, "\\%c", (int)character);
        else
            fwrite(text + at, 1, size, file);
    }
    fputc('"', file);
}

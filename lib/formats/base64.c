/* SPDX-License-Identifier: MIT */
#include "formats/base64.h"

/* The value of a character, 0 to 63, or -1. */
static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

int base64_decode(const char *text, size_t length, struct bytes *to, bool *valid, struct error *err)
{
    to->size = 0;
    *valid = length % 4 == 0;
    while (length > 0 && text[length - 1] == '=' && length % 4 != 2 && length % 4 != 1)
        length--;
    *valid = *valid && length % 4 != 1;
    uint32_t bits = 0;
    for (size_t i = 0; i < length && *valid; i++) {
        int value = value_of(text[i]);
        *valid = value >= 0;
        bits = bits << 6 | (uint32_t)(value & 63);
        uint8_t byte = (uint8_t)(bits >> (2 * (3 - i % 4)));
        if (i % 4 > 0 && bytes_put(to, &byte, 1, err) < 0)
            return -1;
    }
    return 0;
}

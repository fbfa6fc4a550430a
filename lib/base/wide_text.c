/* SPDX-License-Identifier: MIT */
#include "base/wide_text.h"

#include "base/bytes.h"

/* What an input would be as UTF-16. */
struct utf16 {
    size_t units;
    size_t invalid;    /* lone surrogates, noncharacters and control characters */
    size_t ascii;      /* from space to tilde, and white space */
    size_t separators; /* white space of ASCII, and the most frequent punctuation of CJK */
    size_t stray;      /* other units whose low byte is white space of ASCII */
    size_t alphabets;  /* below U+2000: a control character as the high byte */
    size_t low;        /* these, and others with a control character as the low byte */
};

static bool is_white(unsigned c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_separator(unsigned unit)
{
    return is_white(unit) || (unit >= 0x3000 && unit <= 0x3002) || unit == 0xff0c || unit == 0xff01;
}

static unsigned utf16_unit(struct probe p, size_t i, bool big_endian)
{
    unsigned first = p.data[2 * i], second = p.data[2 * i + 1];
    return big_endian ? first << 8 | second : second << 8 | first;
}

static struct utf16 decode_utf16(struct probe p, bool big_endian)
{
    struct utf16 u = {.units = p.size / 2};
    bool open = false; /* the previous unit is the first of a surrogate pair */
    for (size_t i = 0; i < u.units; i++) {
        unsigned unit = utf16_unit(p, i, big_endian);
        bool second = unit >= 0xdc00 && unit <= 0xdfff;
        bool control = unit < ' ' && !is_white(unit);
        u.invalid += open != second || unit >= 0xfffe || control;
        open = unit >= 0xd800 && unit <= 0xdbff;
        u.ascii += is_white(unit) || (unit >= ' ' && unit <= '~');
        u.separators += is_separator(unit);
        u.stray += !is_separator(unit) && is_white(unit & 0xff);
        u.alphabets += unit < 0x2000;
        u.low += unit < 0x2000 || probe_is_control(unit & 0xff);
    }
    return u;
}

/* An error in 64 units is no reason to take UTF-16 for another encoding. */
static bool is_valid_utf16(const struct utf16 *u)
{
    return u->invalid * 64 <= u->units;
}

/* Nearly every second byte is zero or a control character, as in ASCII and all alphabets. */
static bool is_alphabetic(const struct utf16 *u)
{
    return u->alphabets * 10 >= u->units * 9;
}

/* White space, if there is any, is in its place in 16-bit units. In 8-bit text most of it would be
 * stray. */
static bool has_wide_spaces(const struct utf16 *u)
{
    return u->low > 0 && u->stray <= 3 * u->separators;
}

/* With a byte order mark, which would be two odd letters in an 8-bit encoding. */
bool wide_text_is_marked_utf16(struct probe p)
{
    bool big_endian = probe_starts_with(p, 0, "\xfe\xff", 2);
    if (p.controls == 0 || (!big_endian && !probe_starts_with(p, 0, "\xff\xfe", 2)))
        return false;
    struct utf16 u = decode_utf16((struct probe){p.data + 2, p.size - 2, p.controls}, big_endian);
    return u.units > 0 && is_valid_utf16(&u) && (is_alphabetic(&u) || has_wide_spaces(&u));
}

/* Without a mark there must be enough units to be certain. Returns the number of separators, 0 if
 * it is not UTF-16. */
static size_t rate_utf16(struct probe p, bool big_endian)
{
    struct utf16 u = decode_utf16(p, big_endian);
    if (!is_valid_utf16(&u))
        return 0;
    bool ascii = u.units >= 4 && u.ascii * 4 >= u.units * 3;
    bool alphabet = u.units >= 8 && is_alphabetic(&u);
    bool other = u.units >= 64 && u.separators >= 2 && u.low >= 6 && u.low * 16 >= u.units;
    return ascii || alphabet || (other && has_wide_spaces(&u)) ? u.separators : 0;
}

/* In the other byte order than its own, UTF-16 is also valid, but has fewer separators. */
bool wide_text_is_utf16le(struct probe p)
{
    size_t separators = p.controls > 0 ? rate_utf16(p, false) : 0;
    return separators > 0 && separators >= rate_utf16(p, true);
}

bool wide_text_is_utf16be(struct probe p)
{
    return p.controls > 0 && rate_utf16(p, true) > 0;
}

/* Every four bytes are a character of the planes in use; two letters of UTF-16 would not be. */
static bool is_unmarked_utf32(struct probe p, bool big_endian)
{
    size_t characters = p.size / 4;
    for (size_t i = 0; i < characters; i++) {
        const uint8_t *c = p.data + 4 * i;
        uint32_t code = bytes_load_u32(c);
        if (big_endian)
            code = (uint32_t)c[0] << 24 | (uint32_t)c[1] << 16 | (uint32_t)c[2] << 8 | c[3];
        if (code == 0 || code >= 0x40000)
            return false;
    }
    return characters >= 2;
}

bool wide_text_is_utf32le(struct probe p)
{
    return is_unmarked_utf32(p, false);
}

bool wide_text_is_utf32be(struct probe p)
{
    return is_unmarked_utf32(p, true);
}

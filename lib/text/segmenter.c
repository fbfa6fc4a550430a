/* SPDX-License-Identifier: MIT */
#include "text/segmenter.h"

#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/memory.h"
#include "text/characters.h"

enum {
    BYTE_ORDER_MARK = 0xfeff,
    ZERO_WIDTH_NON_JOINER = 0x200c,
    GERSHAYIM = 0x5f4,
    WIDE_FULL_STOP = 0xff0e,
    CAPITAL_SIGMA = 0x3a3,
    FINAL_SIGMA_BYTE = 0x82, /* the second byte of ς; that of σ is 83 */
    UTF8_MAX = 4,
    UNSPACED_RUN = 5 /* letters; words of segmented text are shorter on average */
};

int segmenter_init(struct segmenter *s, const struct segmenter_options *options, struct error *err)
{
    *s = (struct segmenter){.options = *options, .starting = true, .line_is_empty = true};
    for (uint32_t c = 0; c < 128; c++) {
        const struct character *kind = character_of(c);
        unsigned class = kind->class;
        if (class == CHARACTER_LETTER || class == CHARACTER_DIGIT)
            s->ascii[c] = (char)(options->keep_case ? c : c + (uint32_t)kind->lower);
        else if (class == CHARACTER_OTHER || class == CHARACTER_SPACE || class == CHARACTER_CLOSE)
            s->ascii[c] = ' ';
    }
    if (memory_reserve(&s->out, &s->capacity, 1, 1, err) < 0)
        return -1;
    /* The newline after the sentence before the first: it is not for the output. */
    s->out[s->size++] = '\n';
    s->taken = 1;
    return 0;
}

void segmenter_release(struct segmenter *s)
{
    free(s->out);
    *s = (struct segmenter){0};
}

/* ---- the output ---- */

static char last_byte(const struct segmenter *s)
{
    return s->out[s->size - 1];
}

static bool in_word(const struct segmenter *s)
{
    return (unsigned char)last_byte(s) > ' ';
}

static void put_character(struct segmenter *s, uint32_t c)
{
    char *to = s->out + s->size;
    if (c < 0x80) {
        to[0] = (char)c;
        s->size += 1;
    } else if (c < 0x800) {
        to[0] = (char)(0xc0 | c >> 6);
        to[1] = (char)(0x80 | (c & 0x3f));
        s->size += 2;
    } else if (c < 0x10000) {
        to[0] = (char)(0xe0 | c >> 12);
        to[1] = (char)(0x80 | (c >> 6 & 0x3f));
        to[2] = (char)(0x80 | (c & 0x3f));
        s->size += 3;
    } else {
        to[0] = (char)(0xf0 | c >> 18);
        to[1] = (char)(0x80 | (c >> 12 & 0x3f));
        to[2] = (char)(0x80 | (c >> 6 & 0x3f));
        to[3] = (char)(0x80 | (c & 0x3f));
        s->size += 4;
    }
}

static void end_word(struct segmenter *s)
{
    if (!in_word(s))
        return;
    if (s->final_sigma)
        s->out[s->size - 1] = (char)FINAL_SIGMA_BYTE;
    s->final_sigma = false;
    s->out[s->size++] = ' ';
}

static void end_sentence(struct segmenter *s)
{
    end_word(s);
    if (last_byte(s) == ' ')
        s->out[s->size - 1] = '\n';
    s->ending = ENDING_NONE;
}

/* ---- words ---- */

static bool is_of_words(unsigned class)
{
    return class == CHARACTER_LETTER || class == CHARACTER_HEBREW || class == CHARACTER_DIGIT;
}

static bool is_letter(unsigned class)
{
    return class == CHARACTER_LETTER || class == CHARACTER_HEBREW;
}

static void put_of_word(struct segmenter *s, const struct character *kind, uint32_t c)
{
    bool starts = !in_word(s);
    bool lower = !s->options.keep_case;
    if (kind->unspaced) {
        s->unspaced_letters++;
        s->unspaced_runs += starts || !s->last_is_unspaced;
    }
    if (kind->class != CHARACTER_MARK) {
        s->last_class = kind->class;
        s->last_is_unspaced = kind->unspaced;
    }
    s->final_sigma = c == CAPITAL_SIGMA && !starts && lower;
    put_character(s, lower ? c + (uint32_t)kind->lower : c);
}

/* Whether the pending character belongs to the word, when one of this class follows. */
static bool middle_joins(const struct segmenter *s, unsigned class)
{
    switch (character_of(s->middle)->class) {
    case CHARACTER_APOSTROPHE:
        return is_of_words(class);
    case CHARACTER_JOINER:
        return is_of_words(class) ||
               (class == CHARACTER_MARK && s->middle == ZERO_WIDTH_NON_JOINER);
    case CHARACTER_MID_LETTER:
        return is_letter(s->last_class) && is_letter(class);
    case CHARACTER_QUOTE:
        return s->last_class == CHARACTER_HEBREW && class == CHARACTER_HEBREW;
    default: /* the comma, and full stops */
        return s->last_class == CHARACTER_DIGIT && class == CHARACTER_DIGIT;
    }
}

/* Decides about the pending character, when one of this class follows. */
static void resolve_middle(struct segmenter *s, unsigned class)
{
    uint32_t middle = s->middle;
    unsigned middle_class = character_of(middle)->class;
    if (middle_joins(s, class)) {
        s->final_sigma = false;
        put_character(s, middle_class == CHARACTER_APOSTROPHE ? '\''
                         : middle_class == CHARACTER_QUOTE    ? GERSHAYIM
                                                              : middle);
    } else {
        end_word(s);
        if (middle_class == CHARACTER_STOP)
            s->ending = ENDING_AT_SPACE;
        else if (middle_class == CHARACTER_END)
            s->ending = ENDING_HERE;
    }
    s->middle = 0;
}

/* ---- sentences ---- */

static void end_line(struct segmenter *s, uint32_t c)
{
    end_word(s);
    if (s->ending || s->options.lines || s->line_is_empty)
        end_sentence(s);
    s->line_is_empty = true;
    s->after_return = c == '\r';
}

/* Visits a character that is neither of a word nor inside one. */
static void separate(struct segmenter *s, unsigned class, uint32_t c)
{
    end_word(s);
    switch (class) {
    case CHARACTER_SPACE:
        if (s->ending)
            end_sentence(s);
        return;
    case CHARACTER_LINE_END:
        end_line(s, c);
        return;
    case CHARACTER_PARAGRAPH_END:
        end_sentence(s);
        return;
    case CHARACTER_STOP:
        if (!s->ending)
            s->ending = ENDING_AT_SPACE;
        break;
    case CHARACTER_END:
        s->ending = ENDING_HERE;
        break;
    case CHARACTER_CLOSE:
    case CHARACTER_APOSTROPHE:
    case CHARACTER_QUOTE:
        break;
    default:
        if (s->ending == ENDING_HERE)
            end_sentence(s);
        s->ending = ENDING_NONE;
    }
    s->line_is_empty = false;
}

/* Whether a character of this class can belong to the word before it. */
static bool may_be_middle(unsigned class, uint32_t c)
{
    return (class >= CHARACTER_APOSTROPHE && class <= CHARACTER_QUOTE) || c == '.' ||
           c == WIDE_FULL_STOP;
}

static void visit_word(struct segmenter *s, const struct character *kind, uint32_t c)
{
    unsigned class = kind->class;
    if (s->middle)
        resolve_middle(s, class);
    if (is_of_words(class)) {
        if (s->ending == ENDING_HERE)
            end_sentence(s);
        s->ending = ENDING_NONE;
        s->line_is_empty = false;
        put_of_word(s, kind, c);
    } else if (class == CHARACTER_MARK) {
        /* After anything but a word it is dropped. */
        if (in_word(s))
            put_of_word(s, kind, c);
    } else if (in_word(s) && may_be_middle(class, c)) {
        s->middle = c;
    } else {
        separate(s, class, c);
    }
}

/* The same if only sentences are split. */
static void visit_unchanged(struct segmenter *s, const struct character *kind, uint32_t c)
{
    unsigned class = kind->class;
    bool is_space = class == CHARACTER_SPACE || c < ' ';
    if (class == CHARACTER_LINE_END || class == CHARACTER_PARAGRAPH_END || is_space) {
        bool wraps = class == CHARACTER_LINE_END && s->last_is_unspaced && in_word(s);
        separate(s, class == CHARACTER_OTHER ? CHARACTER_SPACE : class, c);
        s->after_line_end = wraps && last_byte(s) == ' ';
        return;
    }
    if (is_of_words(class) || class == CHARACTER_OTHER || class == CHARACTER_JOINER ||
        class == CHARACTER_MID_LETTER || class == CHARACTER_MID_NUMBER) {
        if (s->ending == ENDING_HERE)
            end_sentence(s);
        s->ending = ENDING_NONE;
    } else if (class == CHARACTER_STOP && !s->ending) {
        s->ending = ENDING_AT_SPACE;
    } else if (class == CHARACTER_END) {
        s->ending = ENDING_HERE;
    }
    /* In these scripts a word may go on in the next line. */
    if (s->after_line_end && kind->unspaced)
        s->size--;
    s->after_line_end = s->line_is_empty = false;
    s->last_is_unspaced = kind->unspaced;
    put_character(s, c);
}

static void visit(struct segmenter *s, uint32_t c)
{
    const struct character *kind = character_of(c);
    bool follows_return = s->after_return;
    bool first = s->starting;
    s->starting = s->after_return = false;
    if ((follows_return && c == '\n') || (first && c == BYTE_ORDER_MARK))
        return;
    if (s->options.sentences_only)
        visit_unchanged(s, kind, c);
    else if (kind->class != CHARACTER_IGNORED)
        visit_word(s, kind, c);
}

/* ---- the text ---- */

/* Visits ASCII letters and digits, and what separates them, up to anything else. Returns the number
 * of bytes. */
static size_t visit_ascii(struct segmenter *s, const char *text, size_t size)
{
    size_t at = 0, to = s->size;
    char *out = s->out;
    bool was_space = !in_word(s);
    for (; at < size && (signed char)text[at] >= 0; at++) {
        char c = s->ascii[(unsigned char)text[at]];
        if (!c)
            break;
        bool is_space = c == ' ';
        out[to] = c;
        to += !(is_space && was_space);
        was_space = is_space;
    }
    s->size = to;
    if (at > 0) {
        bool digit = text[at - 1] >= '0' && text[at - 1] <= '9';
        s->last_class = digit ? CHARACTER_DIGIT : CHARACTER_LETTER;
        s->last_is_unspaced = false;
    }
    return at;
}

/* Visits letters that have two bytes, in lower case too, up to anything else, also Hebrew ones and Σ,
 * which have rules of their own. Returns the number of bytes. */
static size_t visit_two_byte_letters(struct segmenter *s, const char *text, size_t size)
{
    size_t at = 0;
    char *out = s->out + s->size;
    for (; at + 1 < size; at += 2) {
        unsigned char lead = (unsigned char)text[at], next = (unsigned char)text[at + 1];
        if (lead < 0xc2 || lead > 0xdf || (next & 0xc0) != 0x80)
            break;
        uint32_t c = (lead & 0x1fu) << 6 | (next & 0x3fu);
        const struct character *kind = character_of(c);
        uint32_t lower = s->options.keep_case ? c : c + (uint32_t)kind->lower;
        if (kind->class != CHARACTER_LETTER || c == CAPITAL_SIGMA || lower < 0x80 || lower > 0x7ff)
            break;
        out[at] = (char)(0xc0 | lower >> 6);
        out[at + 1] = (char)(0x80 | (lower & 0x3f));
    }
    s->size += at;
    if (at > 0) {
        s->last_class = CHARACTER_LETTER;
        s->last_is_unspaced = false;
    }
    return at;
}

/* Whether these two keep the state right. */
static bool is_plain(const struct segmenter *s)
{
    return !s->middle && !s->ending && !s->final_sigma && !s->line_is_empty && !s->starting &&
           !s->options.sentences_only;
}

/* Whether `size` bytes can be the beginning of a longer UTF-8 character. */
static bool is_incomplete(const char *text, size_t size)
{
    unsigned char lead = (unsigned char)text[0];
    size_t full = lead < 0xc2 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 1;
    for (size_t i = 1; i < size; i++)
        if ((text[i] & 0xc0) != 0x80)
            return false;
    return size < full;
}

/* Visits the character at `text` (size ≥ 1 bytes). Returns its size in bytes; 0 if more bytes are
 * needed. */
static size_t visit_next(struct segmenter *s, const char *text, size_t size)
{
    uint32_t c;
    size_t length = utf8_decode(text, size, &c);
    if (length == 0) {
        if (size < UTF8_MAX && is_incomplete(text, size))
            return 0;
        s->invalid_bytes++;
        length = 1;
        c = '\x1a'; /* a control character: separates words */
    }
    visit(s, c);
    return length;
}

/* Visits the incomplete character of the block before, with the first bytes of this one. Returns
 * the number of bytes taken from this one. */
static size_t complete(struct segmenter *s, const char *text, size_t size)
{
    char joined[2 * UTF8_MAX];
    size_t from_text = size < UTF8_MAX ? size : UTF8_MAX, at = 0, length;
    size_t total = s->partial_size + from_text;
    memcpy(joined, s->partial, s->partial_size);
    memcpy(joined + s->partial_size, text, from_text);
    while (at < s->partial_size) {
        length = visit_next(s, joined + at, total - at);
        if (length == 0) {
            s->partial_size = (unsigned)(total - at);
            memcpy(s->partial, joined + at, s->partial_size);
            return size;
        }
        at += length;
    }
    size_t taken = at - s->partial_size;
    s->partial_size = 0;
    return taken;
}

/* Makes room for the output of `size` bytes more. A letter of two bytes can become one of three, and
 * a character that was pending comes in addition. */
static int make_room(struct segmenter *s, size_t size, struct error *err)
{
    /* The last byte taken stays, as the one before the next. */
    size_t gone = s->taken - 1;
    s->size -= gone;
    memmove(s->out, s->out + gone, s->size);
    s->taken = 1;
    return memory_reserve(&s->out, &s->capacity, s->size + 2 * size + 16, 1, err);
}

int segmenter_feed(struct segmenter *s, const char *text, size_t size, struct error *err)
{
    if (make_room(s, size, err) < 0)
        return -1;
    size_t at = size > 0 && s->partial_size > 0 ? complete(s, text, size) : 0;
    while (at < size) {
        if (is_plain(s)) {
            at += visit_ascii(s, text + at, size - at);
            size_t letters = visit_two_byte_letters(s, text + at, size - at);
            at += letters;
            if (letters > 0 || at == size)
                continue;
        }
        size_t length = visit_next(s, text + at, size - at);
        if (length == 0) {
            s->partial_size = (unsigned)(size - at);
            memcpy(s->partial, text + at, s->partial_size);
            break;
        }
        at += length;
    }
    return 0;
}

void segmenter_end(struct segmenter *s)
{
    s->invalid_bytes += s->partial_size;
    s->partial_size = 0;
    s->middle = 0;
    end_sentence(s);
    s->after_return = s->after_line_end = false;
    s->starting = s->line_is_empty = true;
}

const char *segmenter_take(struct segmenter *s, size_t *size)
{
    const char *from = s->out + s->taken;
    /* A space may yet become a newline, and a σ become ς. */
    size_t end = last_byte(s) == '\n' ? s->size : s->size - 1;
    size_t newlines = 0, spaces = 0;
    *size = end - s->taken;
    for (size_t i = 0; i < *size; i++) {
        newlines += from[i] == '\n';
        spaces += from[i] == ' ';
    }
    s->sentences += newlines;
    s->words += newlines + spaces;
    s->bytes += *size;
    s->taken = end;
    return from;
}

bool segmenter_is_unspaced(const struct segmenter *s)
{
    /* Such a letter has at least three bytes. */
    return 6 * s->unspaced_letters > s->bytes &&
           s->unspaced_letters >= UNSPACED_RUN * s->unspaced_runs;
}

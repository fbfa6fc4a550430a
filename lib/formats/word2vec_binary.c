/* SPDX-License-Identifier: MIT */
#include "formats/word2vec_binary.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/escape.h"
#include "base/memory.h"
#include "formats/text_vectors.h"

enum {
    HEADER_MAX = 64,   /* the most bytes in the header line */
    PHRASE_MAX = 1024, /* the most bytes in a word with spaces */
    FEW_ROWS = 16      /* fewer rows than this do not show what is usual in a file */
};

/* Whether rows end in newlines. */
enum style { STYLE_UNKNOWN, STYLE_NEWLINES, STYLE_PLAIN };

struct reading {
    struct input *in;
    struct import *to;
    enum style style;            /* that of the first row */
    struct import_tally unusual; /* rows of STYLE_PLAIN with numbers of unusual size */
    float *row;                  /* (dim) */
};

static int read_header(struct reading *r, struct error *err)
{
    uint64_t dim;
    if (input_fill(r->in, HEADER_MAX, err) < 0)
        return -1;
    size_t left = input_available(r->in);
    const char *line = input_next(r->in);
    const char *newline = left ? memchr(line, '\n', left < HEADER_MAX ? left : HEADER_MAX) : NULL;
    if (!newline || !text_vectors_is_header(line, (size_t)(newline - line), &r->to->declared, &dim))
        return input_byte_fault(r->in, err,
                                "expected a line with the number of words and the dimension");
    if (dim < 1 || dim > DIM_MAX)
        return input_byte_fault(r->in, err, "dimension %llu, expected 1 to %d",
                                (unsigned long long)dim, (int)DIM_MAX);
    if (r->to->declared == 0)
        return input_byte_fault(r->in, err, "declares 0 words");
    input_take(r->in, (size_t)(newline - line) + 1);
    r->row = memory_new(dim, sizeof *r->row, err);
    return r->row ? import_start(r->to, (uint32_t)dim, err) : -1;
}

/* Returns 1, or 0 at the end of the input, or -1. */
static int skip_newlines(struct reading *r, struct error *err)
{
    do {
        if (input_fill(r->in, 1, err) < 0)
            return -1;
        if (input_available(r->in) == 0)
            return 0;
    } while (*input_next(r->in) == '\n' && input_take(r->in, 1));
    return 1;
}

static int ends_early(const struct reading *r, struct error *err)
{
    return input_byte_fault(r->in, err, "ends in row %llu of %llu",
                            (unsigned long long)r->to->rows_read + 1,
                            (unsigned long long)r->to->declared);
}

/* ---- where a word ends ---- */

/* Finds the first space of a row, which follows *length bytes. */
static int find_space(struct reading *r, size_t *length, struct error *err)
{
    for (size_t seen = 0;;) {
        size_t available = input_available(r->in);
        size_t end = available > WORD_MAX ? WORD_MAX + 1 : available;
        const char *word = input_next(r->in), *space = memchr(word + seen, ' ', end - seen);
        if (space) {
            *length = (size_t)(space - word);
            return 0;
        }
        if (end > WORD_MAX)
            return input_byte_fault(r->in, err, "word of more than %d bytes", (int)WORD_MAX);
        seen = end;
        if (input_fill(r->in, seen + 1, err) < 0)
            return -1;
        if (input_available(r->in) == seen)
            return ends_early(r, err);
    }
}

/* The number of bytes before the first control character, at most `size`. */
static size_t text_length(const char *text, size_t size)
{
    size_t n = 0;
    while (n < size && (unsigned char)text[n] >= ' ' && text[n] != '\x7f')
        n++;
    return n;
}

static bool is_utf8(const char *text, size_t length)
{
    uint32_t character;
    for (size_t at = 0, n; at < length; at += n)
        if ((n = utf8_decode(text + at, length - at, &character)) == 0)
            return false;
    return true;
}

/* Whether `length` bytes are a word in a file without newlines: text, and not UTF-8 after a byte
 * that cannot start it, the last one of a number below zero or of a character. */
static bool is_word(const char *word, size_t length)
{
    bool inside = length > 1 && ((unsigned char)*word & 0xc0) == 0x80;
    return text_length(word, length) == length && !(inside && is_utf8(word + 1, length - 1));
}

/* Whether the finite numbers of a vector have a size that occurs in trained ones: 0, or from 2^-60
 * to 2^20. Text in the place of a number does not: that of a letter is larger, and that of the
 * space after a word smaller. Of numbers read out of step a third is. */
static bool is_usual(const char *vector, uint32_t dim)
{
    uint32_t unusual = 0;
    for (uint32_t i = 0; i < dim; i++) {
        uint32_t size = bytes_load_u32((const uint8_t *)vector + 4 * (size_t)i) & 0x7fffffff;
        unusual += size - ((127u - 60) << 23) >= 80u << 23 && size != 0 && size < 0x7f800000;
    }
    return unusual == 0;
}

/* Whether what follows the vector of a row that starts with a word of `length` bytes agrees with
 * the style of the first row. */
static bool is_followed(const struct reading *r, size_t length)
{
    size_t at = length + 1 + 4 * (size_t)r->to->dim, available = input_available(r->in);
    bool last = r->to->rows_read + 1 == r->to->declared;
    if (at >= available)
        return at == available;
    bool newline = input_next(r->in)[at] == '\n';
    return r->style == STYLE_UNKNOWN || newline == (r->style == STYLE_NEWLINES) || last;
}

/* Whether a word of `length` bytes, followed by a space and its vector, is certain. */
static bool is_certain(const struct reading *r, size_t length)
{
    const char *word = input_next(r->in);
    return is_followed(r, length) && is_word(word, length) &&
           is_usual(word + length + 1, r->to->dim);
}

/* Of the spaces after the first one, which follows *length bytes, finds the only one that certainly
 * ends the word. Returns 1, or 0 if there is none or more than one, or -1. */
static int find_other_space(struct reading *r, size_t *length, struct error *err)
{
    size_t row = 4 * (size_t)r->to->dim;
    if (input_fill(r->in, PHRASE_MAX + row + 2, err) < 0)
        return -1;
    size_t available = input_available(r->in), first = *length;
    size_t most = available < PHRASE_MAX ? available : PHRASE_MAX;
    const char *word = input_next(r->in);
    int found = 0;
    most = text_length(word, most);
    for (size_t i = first + 1; i < most && i + 1 + row <= available; i++) {
        if (word[i] != ' ' || !is_certain(r, i))
            continue;
        *length = i;
        found++;
    }
    if (found != 1)
        *length = first;
    return found == 1;
}

#define OUT_OF_STEP "a word with spaces, a wrong dimension, or damage; save the vectors as text"

static int out_of_step(const struct reading *r, struct error *err)
{
    return input_byte_fault(r->in, err, "row %llu is not a word and %lu numbers: " OUT_OF_STEP,
                            (unsigned long long)r->to->rows_read + 1, (unsigned long)r->to->dim);
}

/* Whether a newline follows the row with a word of `length` bytes, and also the row after that, up to
 * its first space and its numbers. Then the numbers may have any size. */
static int has_newlines(struct reading *r, size_t length, struct error *err)
{
    size_t row = 4 * (size_t)r->to->dim, start = length + 1 + row + 1;
    if (r->style == STYLE_PLAIN)
        return 0;
    if (input_fill(r->in, start + PHRASE_MAX + row + 2, err) < 0)
        return -1;
    const char *data = input_next(r->in);
    size_t available = input_available(r->in);
    if (start > available || data[start - 1] != '\n')
        return 0;
    const char *space = memchr(data + start, ' ', available - start);
    size_t end = space ? (size_t)(space - data) + 1 + row : available;
    return start == available ||
           (space && (end < available ? data[end] == '\n' : end == available));
}

/* Finds the length of the word of the next row, which is available then, with the byte after it. */
static int find_word(struct reading *r, size_t *length, struct error *err)
{
    size_t row = 4 * (size_t)r->to->dim;
    if (find_space(r, length, err) < 0 || input_fill(r->in, *length + row + 2, err) < 0)
        return -1;
    if (input_available(r->in) < *length + 1 + row)
        return ends_early(r, err);
    int certain = is_certain(r, *length);
    if (certain == 0)
        certain = has_newlines(r, *length, err);
    if (certain == 0)
        certain = find_other_space(r, length, err);
    if (certain != 0)
        return certain;
    size_t next = *length + 1 + row;
    bool newline = next < input_available(r->in) && input_next(r->in)[next] == '\n';
    if (!is_followed(r, *length))
        return out_of_step(r, err);
    if (r->style == STYLE_NEWLINES || (r->style == STYLE_UNKNOWN && newline))
        return 0;
    if (!is_word(input_next(r->in), *length))
        return out_of_step(r, err);
    import_count(&r->unusual, r->to->rows_read + 1);
    return 0;
}

/* ---- rows ---- */

static int read_row(struct reading *r, struct error *err)
{
    size_t size = 4 * (size_t)r->to->dim, length = 0;
    uint64_t number = r->to->rows_read + 1;
    if (find_word(r, &length, err) < 0)
        return -1;
    const char *word = input_take(r->in, length + 1);
    struct cursor c = cursor_over((const uint8_t *)input_next(r->in), size);
    cursor_f32_array(&c, r->row, r->to->dim);
    bool finite = import_finite(r->row, r->to->dim);
    if (!finite && !r->to->skip_nonfinite)
        return input_byte_fault(r->in, err,
                                "the vector of row %llu is not finite; " IMPORT_SKIP_NONFINITE,
                                (unsigned long long)number);
    input_take(r->in, size);
    if (r->style == STYLE_UNKNOWN)
        r->style =
            input_available(r->in) > 0 && *input_next(r->in) == '\n' ? STYLE_NEWLINES : STYLE_PLAIN;
    if (r->style == STYLE_PLAIN && !is_utf8(word, length))
        import_count(&r->to->no_text, number);
    return import_row(r->to, word, length, finite ? r->row : NULL, number, err);
}

/* Checks what no single row shows in a file without newlines: numbers of unusual size are either
 * usual in this file, or its rows are out of step; and so are words that are not UTF-8. */
static int check_all(const struct reading *r, struct error *err)
{
    uint64_t rows = r->to->rows_read;
    const struct import_tally *words = &r->to->no_text, *numbers = &r->unusual, *bad = NULL;
    if (numbers->count > 0 && (rows < FEW_ROWS || 2 * numbers->count < rows))
        bad = numbers;
    else if (4 * words->count > rows && rows < 2 * FEW_ROWS)
        bad = words;
    if (!bad)
        return 0;
    return error_set(err, STATUS_INPUT, "%s: row %llu: %s: " OUT_OF_STEP, r->in->name,
                     (unsigned long long)bad->first,
                     bad == words ? "the word is not UTF-8" : "numbers of unusual size");
}

/* Checks that only an optional newline follows the last declared row. */
static int check_end(struct reading *r, struct error *err)
{
    if (input_fill(r->in, 2, err) < 0)
        return -1;
    if (input_available(r->in) == 0 || (input_available(r->in) == 1 && *input_next(r->in) == '\n'))
        return 0;
    return input_byte_fault(r->in, err, "data after the last row (row %llu)",
                            (unsigned long long)r->to->declared);
}

static int read_all(struct reading *r, struct error *err)
{
    bool ignore_count = r->to->ignore_count;
    if (read_header(r, err) < 0)
        return -1;
    while (ignore_count || r->to->rows_read < r->to->declared) {
        int more = skip_newlines(r, err);
        if (more < 0)
            return -1;
        if (more == 0)
            return ignore_count ? 0 : ends_early(r, err);
        if (read_row(r, err) < 0)
            return -1;
    }
    return check_end(r, err);
}

int word2vec_binary_import(struct input *in, struct import *to, struct error *err)
{
    struct reading r = {.in = in, .to = to};
    int result = read_all(&r, err);
    if (result == 0)
        result = check_all(&r, err);
    free(r.row);
    return result < 0 ? -1 : import_finish(to, in, err);
}

int word2vec_binary_export_row(struct export *to, uint32_t id, const float *row, struct error *err)
{
    const struct words *words = &to->vocab->words;
    size_t length = words_length(words, id);
    char *line = export_line(to, length, err), *at = line;
    if (!line)
        return -1;
    memcpy(at, words_text(words, id), length);
    at += length;
    *at++ = ' ';
    for (uint32_t i = 0; i < to->dim; i++, at += 4) {
        uint32_t bits;
        memcpy(&bits, &row[i], 4);
        bytes_store_u32((uint8_t *)at, bits);
    }
    *at++ = '\n';
    return export_put(to->rows, line, (size_t)(at - line), err);
}

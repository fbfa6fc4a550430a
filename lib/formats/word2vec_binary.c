/* SPDX-License-Identifier: MIT */
#include "formats/word2vec_binary.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "formats/text_vectors.h"

enum { HEADER_MAX = 64 /* the most bytes in the header line */ };

struct reading {
    struct input *in;
    struct import *to;
    struct bytes word;
    float *row; /* (dim) */
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

/* Reads a word, and takes the space after it too. */
static int read_word(struct reading *r, struct error *err)
{
    for (size_t seen = 0;;) {
        size_t available = input_available(r->in);
        size_t end = available > WORD_MAX ? WORD_MAX + 1 : available;
        const char *word = input_next(r->in), *space = memchr(word + seen, ' ', end - seen);
        if (space) {
            r->word.size = 0;
            return bytes_put(&r->word, input_take(r->in, (size_t)(space - word) + 1),
                             (size_t)(space - word), err);
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

static int read_row(struct reading *r, struct error *err)
{
    size_t size = 4 * (size_t)r->to->dim;
    if (read_word(r, err) < 0 || input_fill(r->in, size, err) < 0)
        return -1;
    if (input_available(r->in) < size)
        return ends_early(r, err);
    struct cursor c = cursor_over((const uint8_t *)input_next(r->in), size);
    cursor_f32_array(&c, r->row, r->to->dim);
    if (!import_finite(r->row, r->to->dim))
        return input_byte_fault(r->in, err, "the vector of row %llu is not finite",
                                (unsigned long long)r->to->rows_read + 1);
    input_take(r->in, size);
    return import_row(r->to, (const char *)r->word.data, r->word.size, r->row, r->to->rows_read + 1,
                      err);
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

static int read_all(struct reading *r, bool ignore_count, struct error *err)
{
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

int word2vec_binary_import(struct input *in, bool ignore_count, struct import *to,
                           struct error *err)
{
    struct reading r = {.in = in, .to = to};
    int result = read_all(&r, ignore_count, err);
    free(r.word.data);
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

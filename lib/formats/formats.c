/* SPDX-License-Identifier: MIT */
#include "formats/formats.h"

#include <string.h>

#include "base/memory.h"
#include "formats/columns.h"
#include "formats/npy.h"
#include "formats/projector.h"
#include "formats/text_vectors.h"
#include "formats/word2vec_binary.h"

/* ---- one signature for all ---- */

static int import_word2vec(struct input *in, struct input *words, bool any_count, struct import *to,
                           struct error *err)
{
    (void)words;
    return text_vectors_import(in, TEXT_HEADER, any_count, to, err);
}

static int import_glove(struct input *in, struct input *words, bool any_count, struct import *to,
                        struct error *err)
{
    (void)words;
    return text_vectors_import(in, TEXT_HEADER_OR_NOT, any_count, to, err);
}

static int import_binary(struct input *in, struct input *words, bool any_count, struct import *to,
                         struct error *err)
{
    (void)words;
    return word2vec_binary_import(in, any_count, to, err);
}

/* An array has as many rows as its header says, or is cut. */
static int import_npy(struct input *in, struct input *words, bool any_count, struct import *to,
                      struct error *err)
{
    (void)any_count;
    return npy_import(in, words, to, err);
}

static int import_projector(struct input *in, struct input *words, bool any_count,
                            struct import *to, struct error *err)
{
    (void)any_count;
    return projector_import(in, words, to, err);
}

enum { WORD2VEC, WORD2VEC_BIN, GLOVE, FASTTEXT, NPY, PROJECTOR };

const struct format formats[] = {
    [WORD2VEC] = {"word2vec", false, NULL, NULL, import_word2vec, text_vectors_export_header,
                  text_vectors_export_row},
    [WORD2VEC_BIN] = {"word2vec-bin", true, NULL, NULL, import_binary, text_vectors_export_header,
                      word2vec_binary_export_row},
    [GLOVE] = {"glove", false, NULL, NULL, import_glove, NULL, text_vectors_export_row},
    [FASTTEXT] = {"fasttext", false, NULL, NULL, import_word2vec, text_vectors_export_header,
                  text_vectors_export_row},
    [NPY] = {"npy", true, ".npy", ".words", import_npy, npy_export_header, npy_export_row},
    [PROJECTOR] = {"projector", false, "_tensor.tsv", "_metadata.tsv", import_projector, NULL,
                   projector_export_row},
    {0},
};

const struct format *format_find(const char *name)
{
    for (const struct format *f = formats; f->name; f++)
        if (strcmp(f->name, name) == 0)
            return f;
    return NULL;
}

/* ---- guessing ---- */

enum { BYTES_ENOUGH = 1024 /* of a binary row to look at */ };

/* Looks at the line that starts `at` bytes ahead. *length is without its newline; *whole: it has one. */
static int look_at_line(struct input *in, size_t at, size_t *length, bool *whole, struct error *err)
{
    int found = input_peek_line(in, at, INPUT_LINE_MAX, length, err);
    *whole = found > 0;
    if (!*whole)
        *length = 0;
    return found < 0 ? -1 : 0;
}

/* Whether the bytes behind the first space could not stand in a text: control characters. */
static bool is_binary(const char *row, size_t size)
{
    const char *space = memchr(row, ' ', size);
    for (const char *p = space; p && p < row + size && p < space + BYTES_ENOUGH; p++)
        if ((unsigned char)*p < ' ' && *p != '\t' && *p != '\n' && *p != '\r')
            return true;
    return false;
}

/* Behind a line of two numbers: a row of as many, or bytes that are no text. */
static int guess_row(struct input *in, size_t at, uint64_t dim, const struct format **format,
                     struct error *err)
{
    size_t length;
    bool whole;
    if (look_at_line(in, at, &length, &whole, err) < 0)
        return -1;
    if (whole && columns_at_end(input_next(in) + at, length, ' ') >= dim)
        *format = &formats[WORD2VEC];
    else if (is_binary(input_next(in) + at, input_available(in) - at))
        *format = &formats[WORD2VEC_BIN];
    return 0;
}

int format_guess(struct input *in, const struct format **format, struct error *err)
{
    size_t length;
    bool whole;
    uint64_t words, dim;
    *format = NULL;
    if (look_at_line(in, 0, &length, &whole, err) < 0)
        return -1;
    if (npy_begins(input_next(in), input_available(in)))
        *format = &formats[NPY];
    if (*format || !whole)
        return 0;
    const char *line = input_next(in);
    if (text_vectors_is_header(line, length, &words, &dim) && dim > 1 && dim <= DIM_MAX)
        return guess_row(in, length + 1, dim, format, err);
    if (memchr(line, '\t', length) && columns_at_end(line, length, '\t') > 0)
        *format = &formats[PROJECTOR];
    else if (columns_at_end(line, length, ' ') > 1)
        *format = &formats[GLOVE];
    return 0;
}

/* ---- two files ---- */

char *format_words_name(const struct format *format, const char *rows, struct error *err)
{
    size_t length = strlen(rows), end = strlen(format->rows_end);
    if (length <= end || strcmp(rows + length - end, format->rows_end) != 0) {
        error_set(err, STATUS_USAGE,
                  "%s: a name that ends in %s is expected, beside which the "
                  "words are in …%s",
                  rows, format->rows_end, format->words_end);
        return NULL;
    }
    char *words = memory_new(length - end + strlen(format->words_end) + 1, 1, err);
    if (words) {
        memcpy(words, rows, length - end);
        strcpy(words + length - end, format->words_end);
    }
    return words;
}

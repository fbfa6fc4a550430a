/* SPDX-License-Identifier: MIT */
#include "formats/formats.h"

#include <string.h>

#include "base/memory.h"
#include "formats/columns.h"
#include "formats/npy.h"
#include "formats/projector.h"
#include "formats/text_vectors.h"
#include "formats/word2vec_binary.h"

/* ---- functions of one type for all formats ---- */

static int import_word2vec(struct input *in, struct input *words, bool ignore_count,
                           struct import *to, struct error *err)
{
    (void)words;
    return text_vectors_import(in, TEXT_HEADER_REQUIRED, ignore_count, to, err);
}

static int import_glove(struct input *in, struct input *words, bool ignore_count, struct import *to,
                        struct error *err)
{
    (void)words;
    return text_vectors_import(in, TEXT_HEADER_OPTIONAL, ignore_count, to, err);
}

static int import_binary(struct input *in, struct input *words, bool ignore_count,
                         struct import *to, struct error *err)
{
    (void)words;
    return word2vec_binary_import(in, ignore_count, to, err);
}

/* An array has as many rows as its header declares, or the file is damaged. */
static int import_npy(struct input *in, struct input *words, bool ignore_count, struct import *to,
                      struct error *err)
{
    (void)ignore_count;
    return npy_import(in, words, to, err);
}

/* The files of TensorBoard's projector do not declare a number of rows. */
static int import_projector(struct input *in, struct input *words, bool ignore_count,
                            struct import *to, struct error *err)
{
    (void)ignore_count;
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

/* ---- detection ---- */

enum { BINARY_TEST_SIZE = 1024 /* bytes of a row that is_binary() tests */ };

/* Reads, without taking it, the line that starts `start` bytes after the next one. *length is its
 * length without the newline. *complete: it has a newline; else *length is 0. */
static int peek_line(struct input *in, size_t start, size_t *length, bool *complete,
                     struct error *err)
{
    int found = input_peek_line(in, start, INPUT_LINE_MAX, length, err);
    *complete = found > 0;
    if (!*complete)
        *length = 0;
    return found < 0 ? -1 : 0;
}

/* Whether there are control characters, which do not occur in text, after the first space. */
static bool is_binary(const char *row, size_t size)
{
    const char *space = memchr(row, ' ', size);
    for (const char *p = space; p && p < row + size && p < space + BINARY_TEST_SIZE; p++)
        if ((unsigned char)*p < ' ' && *p != '\t' && *p != '\n' && *p != '\r')
            return true;
    return false;
}

/* Detects the format after a header line of word2vec: a text row of `dim` numbers, or a binary row,
 * `start` bytes after the next byte. */
static int guess_by_row(struct input *in, size_t start, uint64_t dim, const struct format **format,
                        struct error *err)
{
    size_t length;
    bool complete;
    if (peek_line(in, start, &length, &complete, err) < 0)
        return -1;
    if (complete && columns_count_numbers(input_next(in) + start, length, ' ') >= dim)
        *format = &formats[WORD2VEC];
    else if (is_binary(input_next(in) + start, input_available(in) - start))
        *format = &formats[WORD2VEC_BIN];
    return 0;
}

int format_guess(struct input *in, const struct format **format, struct error *err)
{
    size_t length;
    bool complete;
    uint64_t words, dim;
    *format = NULL;
    if (peek_line(in, 0, &length, &complete, err) < 0)
        return -1;
    if (npy_has_magic(input_next(in), input_available(in)))
        *format = &formats[NPY];
    if (*format || !complete)
        return 0;
    const char *line = input_next(in);
    if (text_vectors_is_header(line, length, &words, &dim) && dim > 1 && dim <= DIM_MAX)
        return guess_by_row(in, length + 1, dim, format, err);
    if (memchr(line, '\t', length) && columns_count_numbers(line, length, '\t') > 0)
        *format = &formats[PROJECTOR];
    else if (columns_count_numbers(line, length, ' ') > 1)
        *format = &formats[GLOVE];
    return 0;
}

/* ---- two files ---- */

char *format_words_name(const struct format *format, const char *rows, struct error *err)
{
    size_t length = strlen(rows), suffix = strlen(format->rows_suffix);
    if (length <= suffix || strcmp(rows + length - suffix, format->rows_suffix) != 0) {
        error_set(err, STATUS_USAGE,
                  "%s: expected a name that ends in %s, with the words in a file that ends in %s",
                  rows, format->rows_suffix, format->words_suffix);
        return NULL;
    }
    char *words = memory_new(length - suffix + strlen(format->words_suffix) + 1, 1, err);
    if (words) {
        memcpy(words, rows, length - suffix);
        strcpy(words + length - suffix, format->words_suffix);
    }
    return words;
}

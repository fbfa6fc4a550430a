/* SPDX-License-Identifier: MIT */
#include "formats/formats.h"

#include <string.h>

#include "base/memory.h"
#include "formats/npy.h"
#include "formats/projector.h"
#include "formats/text_vectors.h"
#include "formats/word2vec_binary.h"
#include "stream/recognise.h"

/* ---- functions of one type for all formats ---- */

static int import_word2vec(struct input *in, struct input *words, struct import *to,
                           struct error *err)
{
    (void)words;
    return text_vectors_import(in, TEXT_HEADER_REQUIRED, to, err);
}

static int import_glove(struct input *in, struct input *words, struct import *to, struct error *err)
{
    (void)words;
    return text_vectors_import(in, TEXT_HEADER_OPTIONAL, to, err);
}

static int import_binary(struct input *in, struct input *words, struct import *to,
                         struct error *err)
{
    (void)words;
    return word2vec_binary_import(in, to, err);
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
    [NPY] = {"npy", true, ".npy", ".words", npy_import, npy_export_header, npy_export_row},
    [PROJECTOR] = {"projector", false, "_tensor.tsv", "_metadata.tsv", projector_import, NULL,
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

/* Whether there are control characters, which do not occur in text, after the first space. */
static bool is_binary(const char *row, size_t size)
{
    const char *space = memchr(row, ' ', size);
    for (const char *p = space; p && p < row + size && p < space + BINARY_TEST_SIZE; p++)
        if ((unsigned char)*p < ' ' && *p != '\t' && *p != '\n' && *p != '\r')
            return true;
    return false;
}

/* The format that starts with a magic number or a header, or NULL. */
static const struct format *format_by_header(const struct input *in, const struct text_start *look)
{
    size_t available = input_available(in);
    if (npy_has_magic(input_next(in), available))
        return &formats[NPY];
    if (!text_start_has_header(look))
        return NULL;
    if (look->numbers >= look->dim)
        return &formats[WORD2VEC];
    bool binary = is_binary(input_next(in) + look->length, available - look->length);
    return binary ? &formats[WORD2VEC_BIN] : NULL;
}

/* The format of an input that starts with a row. */
static const struct format *format_by_row(const struct text_start *look)
{
    if (look->only_numbers)
        return &formats[PROJECTOR];
    return !text_start_has_header(look) && look->dim_of_rows > 1 ? &formats[GLOVE] : NULL;
}

int format_detect(struct input *in, struct format_found *found, struct error *err)
{
    static const struct content empty = {"empty", NULL, false};
    static const struct content csv = {"numbers separated by commas", "separate them with tr , ' '",
                                       true};
    struct text_start look;
    *found = (struct format_found){0};
    if (input_fill(in, 4, err) < 0)
        return -1;
    if (input_available(in) == 0)
        return content_refuse(&empty, in->name, "word vectors", err);
    found->stream = stream_may_start_with(input_next(in), input_available(in));
    if (found->stream)
        return 0;
    if (input_fill(in, CONTENT_PROBE, err) < 0 || text_vectors_look(in, &look, err) < 0)
        return -1;
    const struct content *content = content_recognise(input_next(in), input_available(in));
    found->format = format_by_header(in, &look);
    if (!found->format && content && !content->text && !content_is_vectors(content))
        return content_refuse(content, in->name, "word vectors", err);
    if (!found->format)
        found->format = format_by_row(&look);
    found->content = content && content->text && !content_is_vectors(content) ? content : NULL;
    if (!found->format && !content && look.after_commas > 1)
        found->content = &csv;
    found->may_be_vectors = look.header || look.dim_of_rows > 0;
    return 0;
}

/* ---- two files ---- */

char *format_words_name(const struct format *format, const char *rows, struct error *err)
{
    size_t length = strlen(rows), suffix = strlen(format->rows_suffix);
    if (length <= suffix || strcmp(rows + length - suffix, format->rows_suffix) != 0) {
        error_set(err, STATUS_USAGE,
                  "%s: expected a name that ends in %s, with the words in a file that ends in %s, "
                  "or --words=FILE%s",
                  rows, format->rows_suffix, format->words_suffix,
                  format->binary ? "" : "; if it has them itself, specify --from=glove");
        return NULL;
    }
    char *words = memory_new(length - suffix + strlen(format->words_suffix) + 1, 1, err);
    if (words) {
        memcpy(words, rows, length - suffix);
        strcpy(words + length - suffix, format->words_suffix);
    }
    return words;
}

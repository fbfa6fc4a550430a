/* SPDX-License-Identifier: MIT */
/* Reading the vectors of other programs, and writing them in every single-file format: reading that
 * again must give the same bits.
 *
 * The first byte of an input selects the format and the options; the next two
 * bytes are the length of the second file, for formats with two files, which is at the end of
 * the input. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "formats/formats.h"
#include "fuzz.h"

enum { CONTROL = 3, FORMATS = 6, ANY_COUNT = 8, SKIP_NONFINITE = 16, IN_MEMORY = 32 };

/* An input that is already in memory. */
static struct input input_of(const void *data, size_t size)
{
    struct error err;
    struct input in = input_from(-1, "input");
    demand_success(memory_reserve(&in.data, &in.capacity, size + 1, 1, &err) == 0, &err);
    memcpy(in.data, data, size);
    in.data[size] = '\n';
    in.end = size;
    in.ended = true;
    return in;
}

static float *rows_of(const struct import *import)
{
    struct error err;
    uint32_t words = import->vocab.words.count;
    float *rows = memory_new((size_t)words * import->dim, sizeof *rows, &err);
    demand_success(rows && import_read(import, 0, words, rows, &err) == 0, &err);
    demand(import_finite(rows, (size_t)words * import->dim));
    return rows;
}

static void check(const struct import *import)
{
    const struct words *words = &import->vocab.words;
    demand(words->count > 0 && import->dim > 0 && import->dim <= DIM_MAX);
    demand(words->count + import->duplicates.count + import->invalid.count +
               import->nonfinite.count ==
           import->rows_read);
    for (uint32_t id = 0; id < words->count; id++) {
        const char *word = words_text(words, id);
        size_t length = words_length(words, id);
        demand(length > 0 && import->vocab.count[id] == 0);
        for (size_t i = 0; i < length; i++)
            demand(word[i] != 0 && word[i] != ' ' && !(word[i] >= '\t' && word[i] <= '\r'));
    }
}

/* With dimension 1, GloVe's first row may look like the optional line of counts. If the first word
 * begins with B64:, words are decoded. */
static bool is_certain(const struct format *format, const struct import *import)
{
    const struct words *words = &import->vocab.words;
    if (import_is_encoded(words_text(words, 0), words_length(words, 0)))
        return false;
    return !format->words_suffix && (import->dim > 1 || strcmp(format->name, "glove") != 0);
}

/* Writes the words and their rows in this format; the caller frees the result. */
static char *export_all(const struct format *format, const struct import *import, const float *rows,
                        size_t *size)
{
    struct error err;
    char *text = NULL;
    struct output out = {.fd = -1, .name = "output", .text = open_memstream(&text, size)};
    struct export export = {.vocab = &import->vocab, .dim = import->dim, .rows = &out};
    demand(out.text);
    if (format->export_header)
        demand_success(format->export_header(&export, &err) == 0, &err);
    for (uint32_t id = 0; id < import->vocab.words.count; id++)
        demand_success(format->export_row(&export, id, rows + (size_t)id * import->dim, &err) == 0,
                       &err);
    demand(fclose(out.text) == 0);
    export_release(&export);
    return text;
}

static void again(const struct format *format, const struct import *import, const float *rows)
{
    struct error err;
    struct import second = {0};
    size_t size, numbers = (size_t)import->vocab.words.count * import->dim;
    char *text = export_all(format, import, rows, &size);
    struct input in = input_of(text, size);
    demand_success(format->import(&in, NULL, &second, &err) == 0, &err);
    demand(second.dim == import->dim && second.rows_read == import->vocab.words.count);
    demand(second.vocab.words.count == import->vocab.words.count);
    float *same = rows_of(&second);
    demand(memcmp(same, rows, numbers * sizeof *rows) == 0);
    free(same);
    free(text);
    input_release(&in);
    import_release(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < CONTROL)
        return 0;
    const struct format *format = &formats[data[0] % ANY_COUNT % FORMATS];
    size_t left = size - CONTROL, second = data[1] | (size_t)data[2] << 8;
    second = !format->words_suffix ? 0 : second < left ? second : left;
    struct error err;
    struct import import = {.ignore_count = data[0] & ANY_COUNT,
                            .skip_nonfinite = data[0] & SKIP_NONFINITE,
                            .in_memory = data[0] & IN_MEMORY};
    struct input in = input_of(data + CONTROL, left - second);
    struct input words = input_of(data + size - second, second);
    struct format_found found;
    if (format_detect(&in, &found, &err) < 0)
        demand_refusal(&err);
    if (format->import(&in, format->words_suffix ? &words : NULL, &import, &err) < 0) {
        demand_refusal(&err);
    } else {
        check(&import);
        float *rows = rows_of(&import);
        for (const struct format *f = formats; f->name; f++)
            if (is_certain(f, &import))
                again(f, &import, rows);
        free(rows);
    }
    import_release(&import);
    input_release(&in);
    input_release(&words);
    fuzz_end();
    return 0;
}

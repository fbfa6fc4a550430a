/* SPDX-License-Identifier: MIT */
#include "formats/npy.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "formats/word_list.h"

static const char magic[6] = {'\x93', 'N', 'U', 'M', 'P', 'Y'};

enum {
    START = 8,            /* bytes of the magic number and the version */
    HEADER_MAX = 1 << 16, /* bytes of the dictionary; NumPy writes a few hundred */
    ALIGNMENT = 64,       /* of the first number, as an offset in the file */
    SHOWN_MAX = 40        /* bytes of the dictionary in a message */
};

bool npy_has_magic(const char *data, size_t size)
{
    return size >= sizeof magic && memcmp(data, magic, sizeof magic) == 0;
}

/* ---- reading ---- */

struct array {
    unsigned width;  /* of a number, in bytes */
    bool big_endian; /* else little-endian */
    uint64_t rows, columns;
};

/* The header while it is parsed. */
struct dictionary {
    const struct input *in;
    const char *at; /* the rest of the text, zero-terminated */
};

static void skip_spaces(struct dictionary *d)
{
    d->at += strspn(d->at, " \t\n");
}

/* Skips white space, then `text` if the rest begins with it. Returns whether it does. */
static bool accept(struct dictionary *d, const char *text)
{
    skip_spaces(d);
    size_t length = strlen(text);
    if (strncmp(d->at, text, length) != 0)
        return false;
    d->at += length;
    return true;
}

static bool accept_number(struct dictionary *d, uint64_t *number)
{
    skip_spaces(d);
    size_t digits = strspn(d->at, "0123456789");
    *number = 0;
    for (size_t i = 0; i < digits && digits <= 18; i++)
        *number = 10 * *number + (uint64_t)(*d->at++ - '0');
    return digits > 0 && digits <= 18;
}

static int bad_header(const struct dictionary *d, const char *reason, struct error *err)
{
    return input_byte_fault(d->in, err, "%s: %.*s", reason, SHOWN_MAX, d->at);
}

static int read_type(struct dictionary *d, struct array *array, struct error *err)
{
    skip_spaces(d);
    const char *type = d->at;
    bool known = *type == '\'' && (type[1] == '<' || type[1] == '>') && type[2] == 'f' &&
                 (type[3] == '4' || type[3] == '8') && type[4] == '\'';
    if (!known)
        return bad_header(d, "unsupported array type, expected float32 ('<f4')", err);
    array->big_endian = type[1] == '>';
    array->width = (unsigned)(type[3] - '0');
    d->at += 5;
    return 0;
}

static int read_order(struct dictionary *d, struct error *err)
{
    if (accept(d, "False"))
        return 0;
    return bad_header(d, "array not in C order, save numpy.ascontiguousarray(array)", err);
}

static int read_shape(struct dictionary *d, struct array *array, struct error *err)
{
    skip_spaces(d);
    struct dictionary shape = *d;
    if (!accept(d, "(") || !accept_number(d, &array->rows) || !accept(d, ",") ||
        !accept_number(d, &array->columns) ||
        !(accept(d, ")") || (accept(d, ",") && accept(d, ")"))))
        return bad_header(&shape, "array without exactly two dimensions", err);
    if (array->rows < 1 || array->rows > WORDS_MAX || array->columns < 1 ||
        array->columns > DIM_MAX)
        return bad_header(&shape, "array shape out of range", err);
    return 0;
}

static int read_dictionary(struct dictionary *d, struct array *array, struct error *err)
{
    static const char *const keys[] = {"'descr':", "'fortran_order':", "'shape':"};
    unsigned seen = 0;
    if (!accept(d, "{"))
        return bad_header(d, "expected a dictionary", err);
    while (!accept(d, "}")) {
        unsigned key = 0;
        while (key < 3 && !accept(d, keys[key]))
            key++;
        if (key == 3 || seen & 1u << key)
            return bad_header(d, "unknown or repeated key", err);
        seen |= 1u << key;
        if ((key == 0   ? read_type(d, array, err)
             : key == 1 ? read_order(d, err)
                        : read_shape(d, array, err)) < 0)
            return -1;
        accept(d, ",");
    }
    skip_spaces(d);
    if (seen != 7)
        return bad_header(d, "missing key", err);
    return *d->at == 0 ? 0 : bad_header(d, "text after the dictionary", err);
}

static int read_header(struct input *in, struct array *array, struct error *err)
{
    if (input_fill(in, START + 4, err) < 0)
        return -1;
    const uint8_t *start = (const uint8_t *)input_next(in);
    if (input_available(in) < START + 4 || !npy_has_magic(input_next(in), START))
        return input_byte_fault(in, err, "not a NumPy array");
    if (start[6] < 1 || start[6] > 3)
        return input_byte_fault(in, err, "unsupported format version %u", start[6]);
    size_t size = start[6] == 1 ? bytes_load_u16(start + START) : bytes_load_u32(start + START);
    size_t header_start = start[6] == 1 ? START + 2 : START + 4;
    if (size > HEADER_MAX)
        return input_byte_fault(in, err, "header of %zu bytes exceeds the limit", size);
    input_take(in, header_start);
    if (input_fill(in, size, err) < 0)
        return -1;
    if (input_available(in) < size)
        return input_byte_fault(in, err, "ends inside the header");
    char *text = memory_new(size + 1, 1, err);
    if (!text)
        return -1;
    memcpy(text, input_next(in), size);
    struct dictionary d = {in, text};
    int result = memchr(text, 0, size) ? bad_header(&d, "zero byte in the header", err)
                                       : read_dictionary(&d, array, err);
    free(text);
    input_take(in, size);
    return result;
}

static void decode(const struct array *array, const char *from, float *row)
{
    const uint8_t *p = (const uint8_t *)from;
    for (uint64_t i = 0; i < array->columns; i++, p += array->width) {
        uint64_t low = bytes_load_u32(p), high = array->width == 8 ? bytes_load_u32(p + 4) : 0;
        uint64_t bits = low | high << 32;
        if (array->big_endian)
            bits = array->width == 8 ? __builtin_bswap64(bits) : __builtin_bswap32((uint32_t)bits);
        if (array->width == 4) {
            uint32_t narrow = (uint32_t)bits;
            memcpy(&row[i], &narrow, 4);
        } else {
            double wide;
            memcpy(&wide, &bits, 8);
            row[i] = (float)wide;
        }
    }
}

static int read_rows(struct input *in, struct input *words, const struct array *array, float *row,
                     struct import *to, struct error *err)
{
    struct word_list list = {words, false};
    size_t size = (size_t)array->columns * array->width;
    while (to->rows_read < array->rows) {
        const char *word;
        size_t length;
        if (input_fill(in, size, err) < 0)
            return -1;
        if (input_available(in) < size)
            return input_byte_fault(in, err, "ends in row %llu of %llu",
                                    (unsigned long long)to->rows_read + 1,
                                    (unsigned long long)array->rows);
        decode(array, input_next(in), row);
        if (!import_finite(row, array->columns))
            return input_byte_fault(in, err, "row %llu is not finite in single precision",
                                    (unsigned long long)to->rows_read + 1);
        input_take(in, size);
        if (word_list_next(&list, &word, &length, err) < 0 ||
            import_row(to, word, length, row, to->rows_read + 1, err) < 0)
            return -1;
    }
    if (input_fill(in, 1, err) < 0)
        return -1;
    if (input_available(in) > 0)
        return input_byte_fault(in, err, "data after the last row (row %llu)",
                                (unsigned long long)array->rows);
    return word_list_end(&list, to->rows_read, err);
}

int npy_import(struct input *in, struct input *words, struct import *to, struct error *err)
{
    struct array array = {0};
    if (read_header(in, &array, err) < 0 || import_start(to, (uint32_t)array.columns, err) < 0)
        return -1;
    to->rounded = array.width == 8;
    float *row = memory_new(array.columns, sizeof *row, err);
    int result = row ? read_rows(in, words, &array, row, to, err) : -1;
    free(row);
    return result < 0 ? -1 : import_finish(to, in, err);
}

/* ---- writing ---- */

int npy_export_header(struct export *to, struct error *err)
{
    char header[3 * ALIGNMENT];
    int length = snprintf(header + START + 2, sizeof header - START - 2,
                          "{'descr': '<f4', 'fortran_order': False, 'shape': (%lu, %lu), }",
                          (unsigned long)to->vocab->words.count, (unsigned long)to->dim);
    size_t size = START + 2 + (size_t)length + 1;
    size_t padded = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    memset(header + size - 1, ' ', padded - size);
    header[padded - 1] = '\n';
    memcpy(header, magic, sizeof magic);
    header[6] = 1;
    header[7] = 0;
    bytes_store_u16((uint8_t *)header + START, (uint32_t)(padded - START - 2));
    return export_put(to->rows, header, padded, err);
}

int npy_export_row(struct export *to, uint32_t id, const float *row, struct error *err)
{
    char *line = export_line(to, 0, err);
    if (!line)
        return -1;
    for (uint32_t i = 0; i < to->dim; i++) {
        uint32_t bits;
        memcpy(&bits, &row[i], 4);
        bytes_store_u32((uint8_t *)line + 4 * (size_t)i, bits);
    }
    if (export_put(to->rows, line, 4 * (size_t)to->dim, err) < 0)
        return -1;
    return export_word_line(to, id, err);
}

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
    SHOWN_MAX = 40,       /* bytes of the dictionary in a message */
    PART_MAX = 1 << 23    /* about how many bytes of an array in Fortran order are in memory */
};

bool npy_has_magic(const char *data, size_t size)
{
    return size >= sizeof magic && memcmp(data, magic, sizeof magic) == 0;
}

/* ---- reading ---- */

struct array {
    unsigned width;  /* of a number, in bytes: 2, 4 or 8 */
    bool big_endian; /* else little-endian */
    bool by_columns; /* Fortran order: all numbers of the first column, then of the next one */
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

/* Python 2 may have written an L after a number. */
static bool accept_number(struct dictionary *d, uint64_t *number)
{
    skip_spaces(d);
    size_t digits = strspn(d->at, "0123456789");
    *number = 0;
    for (size_t i = 0; i < digits && digits <= 18; i++)
        *number = 10 * *number + (uint64_t)(*d->at++ - '0');
    d->at += *d->at == 'L';
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
                 (type[3] == '2' || type[3] == '4' || type[3] == '8') && type[4] == '\'';
    if (!known)
        return bad_header(d, "unsupported type, save numpy.float32(array)", err);
    array->big_endian = type[1] == '>';
    array->width = (unsigned)(type[3] - '0');
    d->at += 5;
    return 0;
}

static int read_order(struct dictionary *d, struct array *array, struct error *err)
{
    array->by_columns = accept(d, "True");
    if (array->by_columns || accept(d, "False"))
        return 0;
    return bad_header(d, "expected True or False", err);
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
             : key == 1 ? read_order(d, array, err)
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

/* The number of float16 with these bits. */
static float from_half(uint32_t bits)
{
    uint32_t exponent = bits >> 10 & 31, fraction = bits & 1023, wide;
    if (exponent == 0) {
        float value = (float)fraction * 0x1p-24f;
        return bits & 0x8000 ? -value : value;
    }
    exponent += exponent == 31 ? 255 - 31 : 127 - 15;
    wide = (bits & 0x8000) << 16 | exponent << 23 | fraction << 13;
    float value;
    memcpy(&value, &wide, 4);
    return value;
}

static float number_at(const struct array *array, const uint8_t *p)
{
    float value;
    if (array->width == 2) {
        uint32_t bits = bytes_load_u16(p);
        return from_half(array->big_endian ? (bits & 255) << 8 | bits >> 8 : bits);
    }
    uint32_t low = bytes_load_u32(p);
    if (array->width == 4) {
        low = array->big_endian ? __builtin_bswap32(low) : low;
        memcpy(&value, &low, 4);
        return value;
    }
    uint64_t bits = low | (uint64_t)bytes_load_u32(p + 4) << 32;
    double wide;
    bits = array->big_endian ? __builtin_bswap64(bits) : bits;
    memcpy(&wide, &bits, 8);
    return (float)wide;
}

struct reading {
    struct input *in;
    struct word_list words;
    struct import *to;
    struct array array;
    float *row;        /* (columns) */
    struct spool data; /* of an array in Fortran order */
    uint8_t *part;     /* (columns × rows) some rows of it */
};

/* Imports the row whose numbers are `step` bytes apart. */
static int put_row(struct reading *r, const uint8_t *from, size_t step, struct error *err)
{
    struct import *to = r->to;
    const char *word;
    size_t length;
    for (uint64_t i = 0; i < r->array.columns; i++, from += step)
        r->row[i] = number_at(&r->array, from);
    bool finite = import_finite(r->row, r->array.columns);
    if (!finite && !to->skip_nonfinite)
        return error_set(err, STATUS_INPUT,
                         "%s: row %llu is not finite in single precision; " IMPORT_SKIP_NONFINITE,
                         r->in->name, (unsigned long long)to->rows_read + 1);
    if (word_list_next(&r->words, &word, &length, err) < 0)
        return -1;
    return import_row(to, word, length, finite ? r->row : NULL, to->rows_read + 1, err);
}

static int read_rows(struct reading *r, struct error *err)
{
    size_t size = (size_t)r->array.columns * r->array.width;
    while (r->to->rows_read < r->array.rows) {
        if (input_fill(r->in, size, err) < 0)
            return -1;
        if (input_available(r->in) < size)
            return input_byte_fault(r->in, err, "ends in row %llu of %llu",
                                    (unsigned long long)r->to->rows_read + 1,
                                    (unsigned long long)r->array.rows);
        const uint8_t *from = (const uint8_t *)input_take(r->in, size);
        if (put_row(r, from, r->array.width, err) < 0)
            return -1;
    }
    return 0;
}

/* Copies an array in Fortran order to a temporary file. */
static int spill(struct reading *r, struct error *err)
{
    uint64_t column = r->array.rows * r->array.width, left = column * r->array.columns, n;
    for (; left > 0; left -= n) {
        if (input_fill(r->in, 1, err) < 0)
            return -1;
        n = input_available(r->in) < left ? input_available(r->in) : left;
        if (n == 0)
            return input_byte_fault(r->in, err, "ends in column %llu of %llu",
                                    (unsigned long long)(r->array.columns - (left - 1) / column),
                                    (unsigned long long)r->array.columns);
        if (spool_append(&r->data, input_take(r->in, n), n, err) < 0)
            return -1;
    }
    return 0;
}

/* Imports an array in Fortran order, some rows at a time. */
static int read_columns(struct reading *r, struct error *err)
{
    uint64_t columns = r->array.columns, rows = r->array.rows, width = r->array.width;
    uint64_t most = 1 + PART_MAX / (columns * width);
    if (spill(r, err) < 0 || !(r->part = memory_new(columns * most, width, err)))
        return -1;
    for (uint64_t first = 0, n; first < rows; first += n) {
        n = rows - first < most ? rows - first : most;
        for (uint64_t c = 0; c < columns; c++)
            if (spool_read(&r->data, r->part + c * n * width, n * width, (c * rows + first) * width,
                           err) < 0)
                return -1;
        for (uint64_t i = 0; i < n; i++)
            if (put_row(r, r->part + i * width, n * width, err) < 0)
                return -1;
    }
    return 0;
}

static int read_all(struct reading *r, struct error *err)
{
    int result = -1;
    if (!r->array.by_columns) {
        result = read_rows(r, err);
    } else if (spool_open(&r->data, err) == 0) {
        result = read_columns(r, err);
        spool_close(&r->data);
    }
    if (result < 0 || input_fill(r->in, 1, err) < 0)
        return -1;
    if (input_available(r->in) > 0)
        return input_byte_fault(r->in, err, "data after the last row (row %llu)",
                                (unsigned long long)r->array.rows);
    return word_list_end(&r->words, r->to->rows_read, err);
}

int npy_import(struct input *in, struct input *words, struct import *to, struct error *err)
{
    struct reading r = {.in = in, .words = {.in = words}, .to = to};
    if (read_header(in, &r.array, err) < 0 || import_start(to, (uint32_t)r.array.columns, err) < 0)
        return -1;
    to->rounded = r.array.width == 8;
    r.row = memory_new(r.array.columns, sizeof *r.row, err);
    int result = r.row ? read_all(&r, err) : -1;
    free(r.row);
    free(r.part);
    return result < 0 ? -1 : import_finish(to, words, err);
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

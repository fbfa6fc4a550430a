/* SPDX-License-Identifier: MIT */
#include "stream/vectors.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { MATRIX_CENTRE = 0 };

/* ---- reading ---- */

int vectors_reader_open(struct vectors_reader *reader, int fd, const char *name, struct error *err)
{
    struct stream_reader *stream = stream_reader_open(fd, name, STREAM_VECTORS, err);
    return stream ? vectors_reader_attach(reader, stream, err) : -1;
}

int vectors_reader_attach(struct vectors_reader *reader, struct stream_reader *stream,
                          struct error *err)
{
    *reader = (struct vectors_reader){.stream = stream};
    struct cursor shape;
    int result = header_read(stream, &reader->header, &shape, err);
    if (result == 0) {
        reader->dim = cursor_u32(&shape);
        if (!cursor_exhausted(&shape))
            result = stream_fault(stream, err, "wrong size of SHAPE record");
        else if (reader->dim == 0 || reader->dim > DIM_MAX)
            result = stream_fault(stream, err, "dimension %lu, expected 1 to %d",
                                  (unsigned long)reader->dim, (int)DIM_MAX);
    }
    if (result < 0)
        vectors_reader_close(reader);
    return result;
}

void vectors_reader_close(struct vectors_reader *reader)
{
    stream_reader_close(reader->stream);
    header_release(&reader->header);
    free(reader->value);
    *reader = (struct vectors_reader){0};
}

static int check_end(const struct vectors_reader *reader, struct error *err)
{
    const uint64_t *claimed = stream_totals(reader->stream);
    uint32_t words = reader->header.vocab.words.count;
    if (reader->rows != words)
        return stream_fault(reader->stream, err, "%lu rows, the vocabulary has %lu words",
                            (unsigned long)reader->rows, (unsigned long)words);
    if (claimed[0] != reader->rows || claimed[1] || claimed[2])
        return stream_fault(reader->stream, err, "the totals in END do not match what was read");
    return 0;
}

static int check_finite(const struct vectors_reader *reader, uint32_t first, uint32_t count,
                        struct error *err)
{
    size_t n = (size_t)count * reader->dim;
    for (size_t i = 0; i < n; i++)
        if (!isfinite(reader->value[i]))
            return stream_fault(reader->stream, err, "the vector of word %lu is not finite",
                                (unsigned long)(first + i / reader->dim));
    return 0;
}

static int read_rows(struct vectors_reader *reader, const struct record *record, uint32_t *first,
                     uint32_t *count, struct error *err)
{
    struct cursor c = cursor_over(record->data, record->size);
    uint32_t matrix = cursor_u32(&c);
    *first = cursor_u32(&c);
    *count = cursor_u32(&c);
    if (matrix != MATRIX_CENTRE)
        return stream_fault(reader->stream, err, "rows of an unknown matrix");
    if (*count == 0 || *first != reader->rows ||
        *count > reader->header.vocab.words.count - reader->rows)
        return stream_fault(reader->stream, err, "rows out of order");
    if (cursor_left(&c) / 4 / reader->dim < *count)
        return stream_fault(reader->stream, err, "wrong size of ROWS record");
    size_t n = (size_t)*count * reader->dim;
    if (memory_reserve(&reader->value, &reader->capacity, n, sizeof *reader->value, err) < 0)
        return -1;
    cursor_f32_array(&c, reader->value, n);
    if (!cursor_exhausted(&c))
        return stream_fault(reader->stream, err, "wrong size of ROWS record");
    reader->rows += *count;
    return check_finite(reader, *first, *count, err) < 0 ? -1 : 1;
}

int vectors_read(struct vectors_reader *reader, uint32_t *first, uint32_t *count, struct error *err)
{
    for (;;) {
        struct record record;
        int got = stream_read(reader->stream, &record, err);
        if (got < 0)
            return -1;
        if (got == 0)
            return check_end(reader, err);
        if (reader->progress)
            reader->progress();
        if (record.type == RECORD_ROWS)
            return read_rows(reader, &record, first, count, err);
        bool checkpoint = record.type == RECORD_TRAINING || record.type == RECORD_STATE;
        if (!checkpoint || reader->rows < reader->header.vocab.words.count)
            return stream_fault(reader->stream, err, "unexpected record of type %d",
                                (int)record.type);
        if (reader->checkpoint && reader->checkpoint(reader->checkpoint_data, &record, err) < 0)
            return -1;
    }
}

bool vectors_lack_unknown(const struct header *header)
{
    static const char trainer[] = "sgns-train";
    for (size_t i = 0; i < header->programs; i++)
        if (header->provenance[i].size >= sizeof trainer &&
            memcmp(header->provenance[i].data, trainer, sizeof trainer) == 0)
            return vocab_has_unknown(&header->vocab);
    return false;
}

float *vectors_read_all(struct vectors_reader *reader, struct error *err)
{
    float *rows = NULL;
    size_t capacity = 0;
    uint32_t first, count;
    int got;
    while ((got = vectors_read(reader, &first, &count, err)) > 0) {
        size_t start = (size_t)first * reader->dim, n = (size_t)count * reader->dim;
        if (memory_reserve(&rows, &capacity, start + n, sizeof *rows, err) < 0) {
            got = -1;
            break;
        }
        memcpy(rows + start, reader->value, n * sizeof *rows);
    }
    if (got == 0)
        return rows;
    free(rows);
    return NULL;
}

/* ---- writing ---- */

uint32_t vectors_rows_per_record(uint32_t dim)
{
    uint32_t rows = (1u << 18) / dim;
    return rows ? rows : 1;
}

int vectors_writer_open(struct vectors_writer *writer, int fd, const char *name,
                        const struct header *header, uint32_t dim, struct error *err)
{
    *writer = (struct vectors_writer){.dim = dim};
    writer->stream = stream_writer_open(fd, name, STREAM_VECTORS, err);
    struct bytes content = {0};
    int failed = !writer->stream || bytes_put_u32(&content, dim, err) < 0 ||
                 header_write(writer->stream, header, &content, err) < 0;
    free(content.data);
    if (failed)
        vectors_writer_close(writer);
    return failed ? -1 : 0;
}

int vectors_write(struct vectors_writer *writer, const float *rows, uint32_t count,
                  struct error *err)
{
    struct bytes *r = &writer->record;
    r->size = 0;
    if (bytes_put_u32(r, MATRIX_CENTRE, err) < 0 || bytes_put_u32(r, writer->rows, err) < 0 ||
        bytes_put_u32(r, count, err) < 0 ||
        bytes_put_f32_array(r, rows, (size_t)count * writer->dim, err) < 0)
        return -1;
    writer->rows += count;
    return stream_write(writer->stream, RECORD_ROWS, r->data, r->size, err);
}

int vectors_write_checkpoint(struct vectors_writer *writer, enum record_type type, const void *data,
                             size_t size, struct error *err)
{
    return stream_write(writer->stream, type, data, size, err);
}

int vectors_writer_finish(struct vectors_writer *writer, struct error *err)
{
    const uint64_t totals[STREAM_TOTALS] = {writer->rows, 0, 0};
    return stream_writer_finish(writer->stream, totals, err);
}

void vectors_writer_close(struct vectors_writer *writer)
{
    stream_writer_close(writer->stream);
    free(writer->record.data);
    *writer = (struct vectors_writer){0};
}

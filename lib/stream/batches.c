/* SPDX-License-Identifier: MIT */
#include "stream/batches.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum {
    COPY_BLOCK = 16 /* ids that copy_ids() copies at a time: 64 bytes, the widest SIMD vector */
};

/* ---- minibatches ---- */

void minibatch_release(struct minibatch *batch)
{
    free(batch->centre);
    free(batch->contexts);
    free(batch->first);
    free(batch->word);
    *batch = (struct minibatch){0};
}

uint64_t batches_per_epoch(const struct batches_shape *shape)
{
    return shape->examples / shape->batch_size + (shape->examples % shape->batch_size != 0);
}

uint64_t batches_in_all(const struct batches_shape *shape)
{
    return batches_per_epoch(shape) * shape->epochs;
}

bool batches_shape_valid(const struct batches_shape *shape)
{
    return shape->batch_size > 0 && shape->batch_size <= BATCH_SIZE_MAX && shape->epochs > 0 &&
           shape->examples <= (uint64_t)INT64_MAX / shape->epochs;
}

/* The number of examples in minibatch number `batch`, counted over all epochs from 0. */
static uint32_t examples_in(const struct batches_shape *shape, uint64_t batch)
{
    uint64_t batch_in_epoch = batch % batches_per_epoch(shape);
    uint64_t left = shape->examples - batch_in_epoch * shape->batch_size;
    return left < shape->batch_size ? (uint32_t)left : shape->batch_size;
}

/* ---- reading ---- */

int batches_reader_open(struct batches_reader *reader, int fd, const char *name, struct error *err)
{
    struct stream_reader *stream = stream_reader_open(fd, name, STREAM_BATCHES, err);
    return stream ? batches_reader_attach(reader, stream, err) : -1;
}

static int read_shape(struct batches_reader *reader, struct cursor *c, struct error *err)
{
    struct batches_shape *shape = &reader->shape;
    shape->batch_size = cursor_u32(c);
    shape->epochs = cursor_u32(c);
    shape->examples = cursor_u64(c);
    if (!cursor_exhausted(c))
        return stream_fault(reader->stream, err, "wrong size of SHAPE record");
    if (!batches_shape_valid(shape))
        return stream_fault(reader->stream, err, "value out of range in SHAPE record");
    return 0;
}

int batches_reader_attach(struct batches_reader *reader, struct stream_reader *stream,
                          struct error *err)
{
    *reader = (struct batches_reader){.stream = stream};
    struct cursor shape;
    int result = header_read(stream, &reader->header, &shape, err);
    if (result == 0)
        result = read_shape(reader, &shape, err);
    if (result < 0)
        batches_reader_close(reader);
    return result;
}

void batches_reader_close(struct batches_reader *reader)
{
    stream_reader_close(reader->stream);
    header_release(&reader->header);
    free(reader->counts);
    free(reader->id);
    *reader = (struct batches_reader){0};
}

static int check_end(const struct batches_reader *reader, struct error *err)
{
    const struct batches_totals *read = &reader->totals;
    const uint64_t *claimed = stream_totals(reader->stream);
    if (claimed[0] != read->examples || claimed[1] != read->contexts || claimed[2] != read->noise)
        return stream_fault(reader->stream, err, "the totals in END do not match what was read");
    if (reader->batches != batches_in_all(&reader->shape))
        return stream_fault(reader->stream, err, "%llu minibatches, SHAPE has %llu",
                            (unsigned long long)reader->batches,
                            (unsigned long long)batches_in_all(&reader->shape));
    return 0;
}

/* Reads the `n` ids at the end of the record into reader->id, widened to uint32_t, and checks them.
 * reader->id gets room for COPY_BLOCK more. */
static int read_ids(struct batches_reader *reader, struct cursor *c, size_t n, struct error *err)
{
    uint32_t words = reader->header.vocab.words.count;
    if (memory_reserve(&reader->id, &reader->id_capacity, n + COPY_BLOCK, 4, err) < 0)
        return -1;
    uint32_t *id = reader->id;
    if (!cursor_narrow_array(c, id, n, header_id_width(&reader->header)) || !cursor_exhausted(c))
        return stream_fault(reader->stream, err, "wrong size of EXAMPLES record");
    uint32_t bad = 0;
    for (size_t i = 0; i < n; i++)
        bad |= id[i] - (UNKNOWN_ID + 1) >= words - (UNKNOWN_ID + 1);
    for (size_t i = 0; bad && i < n; i++)
        if (id[i] == UNKNOWN_ID || id[i] >= words)
            return stream_fault(reader->stream, err, "id %lu, expected 1 to %lu",
                                (unsigned long)id[i], (unsigned long)words - 1);
    return 0;
}

/* Reads the numbers of context and noise words of the `n` examples of a record into
 * reader->counts. `contexts` and `noise` are their sums according to the record. */
static int read_counts(struct batches_reader *reader, struct cursor *c, uint32_t n,
                       uint32_t contexts, uint32_t noise, struct error *err)
{
    if (n > cursor_left(c) / 8)
        return stream_fault(reader->stream, err, "wrong size of EXAMPLES record");
    if (memory_reserve(&reader->counts, &reader->counts_capacity, 2 * (size_t)n, 4, err) < 0)
        return -1;
    cursor_narrow_array(c, reader->counts, 2 * (size_t)n, 4);
    const uint32_t *context_count = reader->counts, *noise_count = reader->counts + n;
    uint64_t context_sum = 0, noise_sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        context_sum += context_count[i];
        noise_sum += noise_count[i];
        if (context_count[i] == 0)
            return stream_fault(reader->stream, err, "example without context words");
    }
    if (context_sum != contexts || noise_sum != noise ||
        context_sum + noise_sum > cursor_left(c) / header_id_width(&reader->header))
        return stream_fault(reader->stream, err, "the counts of the examples do not add up");
    return 0;
}

/* Copies `n` ids in blocks. Up to COPY_BLOCK further ids of `to` change: they are overwritten next,
 * or are not in use. */
static inline void copy_ids(uint32_t *to, const uint32_t *from, uint32_t n)
{
    for (uint32_t i = 0; i < n; i += COPY_BLOCK)
        memcpy(to + i, from + i, COPY_BLOCK * sizeof *to);
}

/* Appends the `n` examples of a record to `batch`. Their counts and ids are in the reader's arrays;
 * `contexts` and `noise` are the sums of the counts. */
static int append_examples(struct batches_reader *reader, struct minibatch *batch, uint32_t n,
                           uint32_t contexts, uint32_t noise, struct error *err)
{
    size_t old = batch->examples;
    uint64_t at = minibatch_words(batch), end = at + contexts + noise;
    if (end > BATCH_WORDS_MAX)
        return error_set(err, STATUS_INPUT,
                         "minibatch of more than %d words; use a smaller batch size",
                         (int)BATCH_WORDS_MAX);
    if (memory_reserve(&batch->centre, &batch->centre_capacity, old + n, 4, err) < 0 ||
        memory_reserve(&batch->contexts, &batch->contexts_capacity, old + n, 4, err) < 0 ||
        memory_reserve(&batch->first, &batch->first_capacity, old + n + 1, 4, err) < 0 ||
        memory_reserve(&batch->word, &batch->word_capacity, (size_t)end + COPY_BLOCK, 4, err) < 0)
        return -1;
    const uint32_t *noise_count = reader->counts + n, *context_id = reader->id + n,
                   *noise_id = context_id + contexts;
    memcpy(batch->centre + old, reader->id, n * sizeof *batch->centre);
    memcpy(batch->contexts + old, reader->counts, n * sizeof *batch->contexts);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t own_contexts = reader->counts[i], *word = batch->word + at;
        batch->first[old + i] = (uint32_t)at;
        copy_ids(word, context_id, own_contexts);
        copy_ids(word + own_contexts, noise_id, noise_count[i]);
        context_id += own_contexts;
        noise_id += noise_count[i];
        at += own_contexts + noise_count[i];
    }
    batch->first[old + n] = (uint32_t)at;
    batch->examples += n;
    return 0;
}

/* Appends the examples of a record to `batch`. *more: the minibatch continues in the next
 * record. */
static int read_examples(struct batches_reader *reader, struct minibatch *batch,
                         const struct record *record, bool *more, struct error *err)
{
    struct cursor c = cursor_over(record->data, record->size);
    uint32_t n = cursor_u32(&c), flag = cursor_u32(&c), contexts = cursor_u32(&c),
             noise = cursor_u32(&c);
    if (n == 0 || flag > 1)
        return stream_fault(reader->stream, err, "value out of range in EXAMPLES record");
    if (read_counts(reader, &c, n, contexts, noise, err) < 0 ||
        read_ids(reader, &c, (size_t)n + contexts + noise, err) < 0 ||
        append_examples(reader, batch, n, contexts, noise, err) < 0)
        return -1;
    reader->totals.examples += n;
    reader->totals.contexts += contexts;
    reader->totals.noise += noise;
    *more = flag;
    return 0;
}

int batches_read(struct batches_reader *reader, struct minibatch *batch, struct error *err)
{
    batch->examples = 0;
    uint32_t expected = reader->batches < batches_in_all(&reader->shape)
                            ? examples_in(&reader->shape, reader->batches)
                            : 0;
    bool more = false;
    do {
        struct record record;
        int got = stream_read(reader->stream, &record, err);
        if (got < 0)
            return -1;
        if (got == 0 && more)
            return stream_fault(reader->stream, err, "END inside a minibatch");
        if (got == 0)
            return check_end(reader, err);
        if (record.type != RECORD_EXAMPLES)
            return stream_fault(reader->stream, err, "unexpected record of type %d",
                                (int)record.type);
        if (read_examples(reader, batch, &record, &more, err) < 0)
            return -1;
        if (batch->examples > expected)
            break;
    } while (more);
    if (batch->examples != expected)
        return stream_fault(reader->stream, err, "minibatch of %lu examples, expected %lu",
                            (unsigned long)batch->examples, (unsigned long)expected);
    reader->batches++;
    return 1;
}

/* ---- writing ---- */

int batches_writer_open(struct batches_writer *writer, int fd, const char *name,
                        const struct header *header, const struct batches_shape *shape,
                        struct error *err)
{
    *writer = (struct batches_writer){0};
    writer->stream = stream_writer_open(fd, name, STREAM_BATCHES, err);
    struct bytes content = {0};
    int failed = !writer->stream || bytes_put_u32(&content, shape->batch_size, err) < 0 ||
                 bytes_put_u32(&content, shape->epochs, err) < 0 ||
                 bytes_put_u64(&content, shape->examples, err) < 0 ||
                 header_write(writer->stream, header, &content, err) < 0;
    free(content.data);
    if (failed)
        batches_writer_close(writer);
    return failed ? -1 : 0;
}

int batches_write(struct batches_writer *writer, const struct stream_frame *frame,
                  const struct batches_totals *totals, struct error *err)
{
    writer->totals.examples += totals->examples;
    writer->totals.contexts += totals->contexts;
    writer->totals.noise += totals->noise;
    return stream_write_frame(writer->stream, frame, err);
}

int batches_writer_finish(struct batches_writer *writer, struct error *err)
{
    const uint64_t totals[STREAM_TOTALS] = {writer->totals.examples, writer->totals.contexts,
                                            writer->totals.noise};
    return stream_writer_finish(writer->stream, totals, err);
}

void batches_writer_close(struct batches_writer *writer)
{
    stream_writer_close(writer->stream);
    *writer = (struct batches_writer){0};
}

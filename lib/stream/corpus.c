/* SPDX-License-Identifier: MIT */
#include "stream/corpus.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { TOKENS_RECORD = 1 << 16 /* tokens in a record that corpus_write() fills */ };

/* ---- reading ---- */

int corpus_reader_open(struct corpus_reader *reader, int fd, const char *name, struct error *err)
{
    struct stream_reader *stream = stream_reader_open(fd, name, STREAM_CORPUS, err);
    return stream ? corpus_reader_attach(reader, stream, err) : -1;
}

int corpus_reader_attach(struct corpus_reader *reader, struct stream_reader *stream,
                         struct error *err)
{
    *reader = (struct corpus_reader){.stream = stream, .last_token = SENTENCE_END};
    struct cursor shape;
    int result = header_read(stream, &reader->header, &shape, err);
    if (result == 0 && !cursor_exhausted(&shape))
        result = stream_fault(stream, err, "wrong size of SHAPE record");
    if (result < 0)
        corpus_reader_close(reader);
    return result;
}

void corpus_reader_close(struct corpus_reader *reader)
{
    stream_reader_close(reader->stream);
    header_release(&reader->header);
    free(reader->token);
    *reader = (struct corpus_reader){0};
}

static int check_end(const struct corpus_reader *reader, struct error *err)
{
    const uint64_t *claimed = stream_totals(reader->stream);
    if (claimed[0] != reader->totals.sentences || claimed[1] != reader->totals.tokens || claimed[2])
        return stream_fault(reader->stream, err, "the totals in END do not match what was read");
    if (reader->last_token != SENTENCE_END)
        return stream_fault(reader->stream, err,
                            "the last sentence does not end with a sentence mark");
    return 0;
}

/* Checks the ids of a chunk. Replaces the sentence mark of the stream, all bits of an id set, by
 * SENTENCE_END. */
static int check_tokens(struct corpus_reader *reader, size_t count, uint32_t mark,
                        struct error *err)
{
    uint32_t words = reader->header.vocab.words.count;
    for (size_t i = 0; i < count; i++) {
        if (reader->token[i] == mark) {
            reader->token[i] = SENTENCE_END;
            reader->totals.sentences++;
        } else if (reader->token[i] >= words) {
            return stream_fault(reader->stream, err, "id %lu, the vocabulary has %lu words",
                                (unsigned long)reader->token[i], (unsigned long)words);
        } else {
            reader->totals.tokens++;
        }
    }
    reader->last_token = reader->token[count - 1];
    return 0;
}

int corpus_read(struct corpus_reader *reader, size_t *count, struct error *err)
{
    struct record record;
    int got = stream_read(reader->stream, &record, err);
    if (got < 0)
        return -1;
    if (got == 0)
        return check_end(reader, err);
    if (record.type != RECORD_TOKENS)
        return stream_fault(reader->stream, err, "unexpected record of type %d", (int)record.type);
    unsigned width = header_id_width(&reader->header);
    if (record.size == 0 || record.size % width != 0)
        return stream_fault(reader->stream, err, "wrong size of TOKENS record");
    *count = record.size / width;
    if (memory_reserve(&reader->token, &reader->capacity, *count, sizeof *reader->token, err) < 0)
        return -1;
    struct cursor c = cursor_over(record.data, record.size);
    cursor_narrow_array(&c, reader->token, *count, width);
    return check_tokens(reader, *count, width == 2 ? UINT16_MAX : UINT32_MAX, err) < 0 ? -1 : 1;
}

/* ---- writing ---- */

int corpus_writer_open(struct corpus_writer *writer, int fd, const char *name,
                       const struct header *header, struct error *err)
{
    *writer = (struct corpus_writer){.width = header_id_width(header)};
    writer->token = memory_new(TOKENS_RECORD, sizeof *writer->token, err);
    if (writer->token)
        writer->stream = stream_writer_open(fd, name, STREAM_CORPUS, err);
    if (!writer->stream || header_write(writer->stream, header, NULL, err) < 0) {
        corpus_writer_close(writer);
        return -1;
    }
    return 0;
}

static int write_record(struct corpus_writer *writer, const uint32_t *token, size_t count,
                        struct error *err)
{
    writer->record.size = 0;
    if (bytes_put_narrow_array(&writer->record, token, count, writer->width, err) < 0)
        return -1;
    return stream_write(writer->stream, RECORD_TOKENS, writer->record.data, writer->record.size,
                        err);
}

int corpus_write(struct corpus_writer *writer, uint32_t token, struct error *err)
{
    writer->token[writer->buffered++] = token;
    writer->totals.sentences += token == SENTENCE_END;
    writer->totals.tokens += token != SENTENCE_END;
    if (writer->buffered < TOKENS_RECORD)
        return 0;
    writer->buffered = 0;
    return write_record(writer, writer->token, TOKENS_RECORD, err);
}

int corpus_write_frame(struct corpus_writer *writer, const struct stream_frame *frame,
                       const struct corpus_totals *totals, struct error *err)
{
    writer->totals.sentences += totals->sentences;
    writer->totals.tokens += totals->tokens;
    return stream_write_frame(writer->stream, frame, err);
}

int corpus_writer_finish(struct corpus_writer *writer, struct error *err)
{
    if (writer->buffered > 0 && write_record(writer, writer->token, writer->buffered, err) < 0)
        return -1;
    const uint64_t totals[STREAM_TOTALS] = {writer->totals.sentences, writer->totals.tokens, 0};
    return stream_writer_finish(writer->stream, totals, err);
}

void corpus_writer_close(struct corpus_writer *writer)
{
    stream_writer_close(writer->stream);
    free(writer->token);
    free(writer->record.data);
    *writer = (struct corpus_writer){0};
}

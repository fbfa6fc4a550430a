/* SPDX-License-Identifier: MIT */
#include "stream/header.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { WORDS_RECORD = 1 << 20 /* bytes after which the next WORDS record begins */ };

void header_release(struct header *header)
{
    for (size_t i = 0; i < header->programs; i++)
        free(header->provenance[i].data);
    free(header->provenance);
    vocab_release(&header->vocab);
    *header = (struct header){0};
}

int header_add_provenance(struct header *header, const void *content, size_t size,
                          struct error *err)
{
    if (memory_reserve(&header->provenance, &header->programs_capacity, header->programs + 1,
                       sizeof *header->provenance, err) < 0)
        return -1;
    struct bytes *record = &header->provenance[header->programs++];
    *record = (struct bytes){0};
    return bytes_put(record, content, size, err);
}

static bool has_provenance(const struct header *header, const struct bytes *record)
{
    for (size_t i = 0; i < header->programs; i++)
        if (header->provenance[i].size == record->size &&
            memcmp(header->provenance[i].data, record->data, record->size) == 0)
            return true;
    return false;
}

int header_join_provenance(struct header *header, const struct header *from, size_t count,
                           struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        const struct bytes *record = &from->provenance[i];
        if (!has_provenance(header, record) &&
            header_add_provenance(header, record->data, record->size, err) < 0)
            return -1;
    }
    return 0;
}

unsigned header_id_width(const struct header *header)
{
    return header->vocab.words.count <= UINT16_MAX ? 2 : 4;
}

/* ---- reading ---- */

static int read_provenance(const struct stream_reader *reader, struct header *header,
                           const struct record *record, struct error *err)
{
    const uint8_t *first = memchr(record->data, 0, record->size);
    if (!first || first == record->data + record->size - 1 || record->data[record->size - 1] != 0)
        return stream_fault(reader, err,
                            "PROVENANCE record without at least two zero-terminated strings");
    return header_add_provenance(header, record->data, record->size, err);
}

static int read_words(const struct stream_reader *reader, struct header *header,
                      const struct record *record, struct error *err)
{
    struct cursor c = cursor_over(record->data, record->size);
    uint32_t n = cursor_u32(&c);
    if (n == 0)
        return stream_fault(reader, err, "WORDS record without a word");
    for (; n > 0; n--) {
        uint64_t count = cursor_u64(&c);
        uint16_t length = cursor_u16(&c);
        const char *word = (const char *)cursor_bytes(&c, length);
        if (!word)
            return stream_fault(reader, err, "WORDS record too short");
        if (!word_is_valid(word, length))
            return stream_fault(
                reader, err,
                "a word of the vocabulary is empty or contains white space or a zero byte");
        if (header->vocab.words.count == WORDS_MAX)
            return stream_fault(reader, err, "more than %ld words", (long)WORDS_MAX);
        if (vocab_append(&header->vocab, word, length, count, err) < 0)
            return -1;
    }
    if (!cursor_exhausted(&c))
        return stream_fault(reader, err, "wrong size of WORDS record");
    return 0;
}

/* Checks the complete vocabulary: <unk>, the sum of the counts, and that no word occurs twice. */
static int check_vocab(const struct stream_reader *reader, struct vocab *vocab, struct error *err)
{
    if (stream_reader_kind(reader) != STREAM_VECTORS && !vocab_has_unknown(vocab))
        return stream_fault(reader, err, "the first word of the vocabulary is not " UNKNOWN_WORD);
    uint64_t sum = 0;
    for (uint32_t id = 0; id < vocab->words.count; id++) {
        if (vocab->count[id] > UINT64_MAX - sum)
            return stream_fault(reader, err, "the sum of the word counts overflows");
        sum += vocab->count[id];
    }
    struct words seen = {0};
    struct word_index *index = word_index_new(&seen, err);
    if (!index)
        return -1;
    int result = 0;
    for (uint32_t id = 0; id < vocab->words.count && result == 0; id++) {
        uint32_t first_id = word_index_intern(index, words_text(&vocab->words, id),
                                              words_length(&vocab->words, id), err);
        if (first_id == NO_WORD)
            result = -1;
        else if (first_id != id)
            result = stream_fault(reader, err, "word %lu of the vocabulary is a duplicate",
                                  (unsigned long)id);
    }
    word_index_free(index);
    words_release(&seen);
    return result;
}

int header_read(struct stream_reader *reader, struct header *header, struct cursor *shape,
                struct error *err)
{
    struct record record;
    for (;;) {
        int got = stream_read(reader, &record, err);
        if (got < 0)
            return -1;
        if (got == 0)
            return stream_fault(reader, err, "END before SHAPE");
        if (record.type == RECORD_SHAPE)
            break;
        if (record.type == RECORD_PROVENANCE && header->vocab.words.count == 0) {
            if (read_provenance(reader, header, &record, err) < 0)
                return -1;
        } else if (record.type == RECORD_WORDS) {
            if (read_words(reader, header, &record, err) < 0)
                return -1;
        } else {
            return stream_fault(reader, err, "unexpected record of type %d before SHAPE",
                                (int)record.type);
        }
    }
    *shape = cursor_over(record.data, record.size);
    uint32_t words = cursor_u32(shape);
    if (words == 0 || words != header->vocab.words.count)
        return stream_fault(reader, err, "SHAPE has %lu words, the vocabulary %lu",
                            (unsigned long)words, (unsigned long)header->vocab.words.count);
    return check_vocab(reader, &header->vocab, err);
}

/* ---- writing ---- */

/* Writes one WORDS record, with the words from `first` on. *next becomes the id after its last
 * word. */
static int write_words(struct stream_writer *writer, const struct vocab *vocab, uint32_t first,
                       uint32_t *next, struct error *err)
{
    struct bytes words = {0}, record = {0};
    int result = 0;
    uint32_t id = first;
    for (; id < vocab->words.count && words.size < WORDS_RECORD && result == 0; id++) {
        size_t length = words_length(&vocab->words, id);
        if (bytes_put_u64(&words, vocab->count[id], err) < 0 ||
            bytes_put_u16(&words, (uint16_t)length, err) < 0 ||
            bytes_put(&words, words_text(&vocab->words, id), length, err) < 0)
            result = -1;
    }
    if (result == 0 && (bytes_put_u32(&record, id - first, err) < 0 ||
                        bytes_put(&record, words.data, words.size, err) < 0 ||
                        stream_write(writer, RECORD_WORDS, record.data, record.size, err) < 0))
        result = -1;
    free(words.data);
    free(record.data);
    *next = id;
    return result;
}

int header_write(struct stream_writer *writer, const struct header *header,
                 const struct bytes *shape, struct error *err)
{
    for (size_t i = 0; i < header->programs; i++)
        if (stream_write(writer, RECORD_PROVENANCE, header->provenance[i].data,
                         header->provenance[i].size, err) < 0)
            return -1;
    for (uint32_t id = 0; id < header->vocab.words.count;)
        if (write_words(writer, &header->vocab, id, &id, err) < 0)
            return -1;
    struct bytes content = {0};
    int failed = bytes_put_u32(&content, header->vocab.words.count, err) < 0 ||
                 (shape && bytes_put(&content, shape->data, shape->size, err) < 0) ||
                 stream_write(writer, RECORD_SHAPE, content.data, content.size, err) < 0;
    free(content.data);
    return failed ? -1 : 0;
}

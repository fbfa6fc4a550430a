/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <xxhash.h>

#include "fuzz.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size) __attribute__((weak));

/* The position of a record. */
struct position {
    size_t at; /* offset of the record's header */
    uint32_t type, size;
};

/* Whether there is a complete record at this offset. */
static bool record_at(const uint8_t *data, size_t size, size_t at, struct position *record)
{
    if (size < RECORD_HEADER_SIZE || at > size - RECORD_HEADER_SIZE)
        return false;
    *record = (struct position){at, bytes_load_u32(data + at), bytes_load_u32(data + at + 4)};
    return record->size <= size - at - RECORD_HEADER_SIZE;
}

static size_t record_end(const struct position *record)
{
    return record->at + RECORD_HEADER_SIZE + record->size;
}

static uint64_t load_u64(const uint8_t *p)
{
    return bytes_load_u32(p) | (uint64_t)bytes_load_u32(p + 4) << 32;
}

static void store_u64(uint8_t *p, uint64_t value)
{
    bytes_store_u32(p, (uint32_t)value);
    bytes_store_u32(p + 4, (uint32_t)(value >> 32));
}

/* ---- END ---- */

/* The fields of END, as far as they can be computed without all of a reader's checks. */
struct sums {
    uint64_t records, words, counts, totals[STREAM_TOTALS];
};

static void add_words(struct sums *s, const uint8_t *content, size_t size)
{
    struct cursor c = cursor_over(content, size);
    uint32_t n = cursor_u32(&c);
    s->words += n;
    for (; n > 0 && !c.overrun; n--) {
        s->counts += cursor_u64(&c);
        cursor_bytes(&c, cursor_u16(&c));
    }
}

static void add_tokens(struct sums *s, const uint8_t *content, size_t size)
{
    unsigned width = s->words <= UINT16_MAX ? 2 : 4;
    for (; size >= width; size -= width, content += width) {
        bool mark = width == 2 ? bytes_load_u16(content) == UINT16_MAX
                               : bytes_load_u32(content) == UINT32_MAX;
        s->totals[mark ? 0 : 1]++;
    }
}

static void add_record(struct sums *s, enum stream_kind kind, uint32_t type, const uint8_t *content,
                       size_t size)
{
    s->records++;
    if (type == RECORD_WORDS)
        add_words(s, content, size);
    else if (type == RECORD_TOKENS)
        add_tokens(s, content, size);
    else if (type == RECORD_ROWS && size >= 12)
        s->totals[0] += bytes_load_u32(content + 8);
    else if (type == RECORD_EXAMPLES && size >= 16)
        for (int i = 0; i < 3; i++)
            s->totals[i] += bytes_load_u32(content + (i ? 4 + 4 * i : 0));
    else if (type == RECORD_SHAPE && kind == STREAM_COUNTS && size >= 12)
        s->totals[0] = load_u64(content + 4);
}

static void correct_end(uint8_t *payload, const struct position *end, enum stream_kind kind,
                        struct sums *sums, bool totals)
{
    uint8_t *field = payload + end->at + RECORD_HEADER_SIZE;
    if (kind == STREAM_COUNTS)
        sums->totals[1] = sums->counts;
    store_u64(field, sums->records);
    store_u64(field + 8, end->at);
    for (int i = 0; i < STREAM_TOTALS && totals; i++)
        store_u64(field + 16 + 8 * i, sums->totals[i]);
    store_u64(field + 40, XXH64(payload, end->at, 0));
}

static void seal(uint8_t *payload, size_t size, enum stream_kind kind, bool totals)
{
    struct sums sums = {0};
    struct position record;
    for (size_t at = PREAMBLE_SIZE; record_at(payload, size, at, &record);
         at = record_end(&record)) {
        if (record.type == RECORD_END) {
            if (record.size == 48)
                correct_end(payload, &record, kind, &sums, totals);
            return;
        }
        add_record(&sums, kind, record.type, payload + at + RECORD_HEADER_SIZE, record.size);
    }
}

/* ---- the payload ---- */

struct payload *payload_of(enum stream_kind kind, const uint8_t *data, size_t size)
{
    static struct payload p;
    static const size_t chunks[8] = {0, 0, 0, 0, 0, 0, 251, 13};
    struct error err;
    uint8_t preamble[PREAMBLE_SIZE] = {0}, control = size > 0 ? data[0] : 0;
    memcpy(preamble, stream_magic, sizeof stream_magic);
    bytes_store_u16(preamble + 8, STREAM_MAJOR);
    bytes_store_u16(preamble + 10, STREAM_MINOR);
    bytes_store_u32(preamble + 12, kind);
    p.bytes.size = 0;
    p.chunk = chunks[control & 7];
    p.choice = control >> 3 & 15;
    demand_success(bytes_put(&p.bytes, preamble, sizeof preamble, &err) == 0 &&
                       (size < 2 || bytes_put(&p.bytes, data + 1, size - 1, &err) == 0),
                   &err);
    seal(p.bytes.data, p.bytes.size, kind, control & 0x80);
    return &p;
}

/* ---- mutation ---- */

enum { RECORDS_MAX = 64 };

/* Replaces the bytes from `from` to `to` by `with` (n). Returns the new size. */
static size_t replace(uint8_t *data, size_t size, size_t from, size_t to, const uint8_t *with,
                      size_t n)
{
    memmove(data + from + n, data + to, size - to);
    memcpy(data + from, with, n);
    return size - (to - from) + n;
}

/* Mutates the content of a record, and updates its size. */
static size_t mutate_content(uint8_t *data, size_t size, size_t max_size,
                             const struct position *record)
{
    static uint8_t content[1 << 16];
    size_t from = record->at + RECORD_HEADER_SIZE, room = max_size - size + record->size;
    if (record->size > sizeof content || room == 0)
        return size;
    if (room > sizeof content)
        room = sizeof content;
    memcpy(content, data + from, record->size);
    size_t n = LLVMFuzzerMutate(content, record->size, room);
    bytes_store_u32(data + record->at + 4, (uint32_t)n);
    return replace(data, size, from, from + record->size, content, n);
}

static size_t repeat(uint8_t *data, size_t size, size_t max_size, const struct position *record,
                     size_t to)
{
    static uint8_t copy[1 << 16];
    size_t n = record_end(record) - record->at;
    if (n > sizeof copy || n > max_size - size)
        return size;
    memcpy(copy, data + record->at, n);
    return replace(data, size, to, to, copy, n);
}

size_t payload_mutate(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    struct position record[RECORDS_MAX];
    unsigned n = 0;
    for (size_t at = 1; n < RECORDS_MAX && record_at(data, size, at, &record[n]); n++)
        at = record_end(&record[n]);
    unsigned what = seed % 16, a = n ? seed / 16 % n : 0, b = n ? seed / 1024 % n : 0;
    if (n == 0 || what < 5)
        return LLVMFuzzerMutate(data, size, max_size);
    if (what < 13)
        return mutate_content(data, size, max_size, &record[a]);
    if (what < 15)
        return repeat(data, size, max_size, &record[a], record[b].at);
    return replace(data, size, record[a].at, record_end(&record[a]), data, 0);
}

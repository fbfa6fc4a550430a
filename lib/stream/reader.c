/* SPDX-License-Identifier: MIT */
#include "stream/reader.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/thread.h"
#include "stream/decoder.h"

/* The thread stops decoding ahead while READ_AHEAD_RECORDS records, or READ_AHEAD_BYTES bytes of
 * records, wait for stream_read(). */
enum { READ_AHEAD_RECORDS = 128, READ_AHEAD_BYTES = 4 << 20 };
enum { REUSED_BYTES_MAX = 512 << 10 }; /* larger buffers of records are freed, not reused */

/* The result of one call of stream_decode(). */
struct decoded {
    struct bytes record;
    int result; /* 1, 0 or -1 */
    struct stream_position position;
    struct error error;
};

/* A ring of results, which a thread fills. */
struct read_ahead {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t filled, freed;
    struct decoded ring[READ_AHEAD_RECORDS];
    unsigned first, count; /* results that stream_read() has not taken yet */
    size_t bytes;          /* of the records of these */
    bool stop;
};

struct stream_reader {
    struct stream_decoder *decoder;
    const char *name;
    struct decoded latest;
    struct read_ahead *read_ahead; /* NULL before stream_read_ahead() */
};

/* ---- faults ---- */

int stream_fault(const struct stream_reader *r, struct error *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    stream_fault_at(r->name, &r->latest.position, err, format, args);
    va_end(args);
    return -1;
}

/* ---- reading ---- */

static void decode(struct stream_decoder *decoder, struct decoded *to)
{
    to->result = stream_decode(decoder, &to->record, &to->error);
    to->position = stream_decoder_position(decoder);
}

static bool has_room(const struct read_ahead *a)
{
    return a->count == 0 || (a->count < READ_AHEAD_RECORDS && a->bytes < READ_AHEAD_BYTES);
}

static void *decode_ahead(void *data)
{
    struct stream_reader *r = data;
    struct read_ahead *a = r->read_ahead;
    int result = 1;
    while (result > 0) {
        pthread_mutex_lock(&a->mutex);
        while (!has_room(a) && !a->stop)
            pthread_cond_wait(&a->freed, &a->mutex);
        struct decoded *next = &a->ring[(a->first + a->count) % READ_AHEAD_RECORDS];
        bool stop = a->stop;
        pthread_mutex_unlock(&a->mutex);
        if (stop)
            break;
        decode(r->decoder, next);
        result = next->result;
        pthread_mutex_lock(&a->mutex);
        a->count++;
        a->bytes += next->record.size;
        pthread_cond_signal(&a->filled);
        pthread_mutex_unlock(&a->mutex);
    }
    return NULL;
}

/* Swaps the first result of the ring, once there is one, with *latest, whose buffer the ring
 * reuses. */
static void take_first(struct read_ahead *a, struct decoded *latest)
{
    pthread_mutex_lock(&a->mutex);
    while (a->count == 0)
        pthread_cond_wait(&a->filled, &a->mutex);
    struct decoded first = a->ring[a->first];
    a->ring[a->first] = *latest;
    *latest = first;
    a->first = (a->first + 1) % READ_AHEAD_RECORDS;
    a->count--;
    a->bytes -= first.record.size;
    pthread_cond_signal(&a->freed);
    pthread_mutex_unlock(&a->mutex);
}

int stream_read(struct stream_reader *r, struct record *record, struct error *err)
{
    struct decoded *latest = &r->latest;
    if (r->read_ahead) {
        if (latest->record.capacity > REUSED_BYTES_MAX) {
            free(latest->record.data);
            latest->record = (struct bytes){0};
        }
        take_first(r->read_ahead, latest);
    } else {
        decode(r->decoder, latest);
    }
    if (latest->result < 0)
        *err = latest->error;
    if (latest->result <= 0)
        return latest->result;
    struct cursor header = cursor_over(latest->record.data, RECORD_HEADER_SIZE);
    record->type = cursor_u32(&header);
    record->data = latest->record.data + RECORD_HEADER_SIZE;
    record->size = latest->record.size - RECORD_HEADER_SIZE;
    return 1;
}

/* The thread must have ended. */
static void release_read_ahead(struct read_ahead *a)
{
    for (int i = 0; i < READ_AHEAD_RECORDS; i++)
        free(a->ring[i].record.data);
    pthread_mutex_destroy(&a->mutex);
    pthread_cond_destroy(&a->filled);
    pthread_cond_destroy(&a->freed);
    free(a);
}

static void stop_read_ahead(struct read_ahead *a)
{
    pthread_mutex_lock(&a->mutex);
    a->stop = true;
    pthread_cond_signal(&a->freed);
    pthread_mutex_unlock(&a->mutex);
    pthread_join(a->thread, NULL);
    release_read_ahead(a);
}

int stream_read_ahead(struct stream_reader *r, struct error *err)
{
    struct read_ahead *a = memory_new(1, sizeof *a, err);
    if (!a)
        return -1;
    pthread_mutex_init(&a->mutex, NULL);
    pthread_cond_init(&a->filled, NULL);
    pthread_cond_init(&a->freed, NULL);
    r->read_ahead = a;
    /* Without a thread, stream_read() decodes. */
    struct error no_thread;
    if (thread_start(&a->thread, decode_ahead, r, &no_thread) < 0) {
        release_read_ahead(a);
        r->read_ahead = NULL;
    }
    return 0;
}

/* ---- life cycle ---- */

struct stream_reader *stream_reader_open(int fd, const char *name, enum stream_kind expected,
                                         struct error *err)
{
    return stream_reader_open_prefixed(fd, name, expected, NULL, 0, err);
}

struct stream_reader *stream_reader_open_prefixed(int fd, const char *name,
                                                  enum stream_kind expected, const void *prefix,
                                                  size_t prefix_size, struct error *err)
{
    struct stream_reader *r = memory_new(1, sizeof *r, err);
    if (!r)
        return NULL;
    r->name = name;
    r->decoder = stream_decoder_open(fd, name, expected, prefix, prefix_size, err);
    if (!r->decoder) {
        stream_reader_close(r);
        return NULL;
    }
    r->latest.position = stream_decoder_position(r->decoder);
    return r;
}

void stream_reader_close(struct stream_reader *r)
{
    if (!r)
        return;
    if (r->read_ahead)
        stop_read_ahead(r->read_ahead);
    stream_decoder_close(r->decoder);
    free(r->latest.record.data);
    free(r);
}

enum stream_kind stream_reader_kind(const struct stream_reader *r)
{
    return stream_decoder_kind(r->decoder);
}

void stream_reader_version(const struct stream_reader *r, unsigned *major, unsigned *minor)
{
    stream_decoder_version(r->decoder, major, minor);
}

void stream_interrupt_when(struct stream_reader *r, bool (*stop)(void))
{
    stream_decoder_interrupt_when(r->decoder, stop);
}

uint64_t stream_hash(const struct stream_reader *r)
{
    return r->latest.position.hash;
}

void stream_read_so_far(const struct stream_reader *r, uint64_t *records, uint64_t *size)
{
    *records = r->latest.position.record;
    *size = r->latest.position.payload;
}

const uint64_t *stream_totals(const struct stream_reader *r)
{
    return stream_decoder_totals(r->decoder);
}

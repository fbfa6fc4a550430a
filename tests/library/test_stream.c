/* SPDX-License-Identifier: MIT */
/* Streams decoded ahead by a thread give the same records and the same errors. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "oracle.h"
#include "stream/reader.h"
#include "stream/writer.h"
#include "tap.h"

enum { RECORDS = 300, LARGEST = 40000 };

static int new_file(void)
{
    int fd = memfd_create("stream", 0);
    if (fd < 0) {
        perror("memfd_create");
        exit(1);
    }
    return fd;
}

/* A corpus stream of RECORDS records of random sizes and bytes: valid only as a container. */
static int write_stream(void)
{
    struct error err;
    int fd = new_file();
    static uint8_t data[LARGEST];
    uint64_t state = 1;
    struct stream_writer *writer = stream_writer_open(fd, "file", STREAM_CORPUS, &err);
    require(writer, &err);
    for (int i = 0; i < RECORDS; i++) {
        size_t size = draw_below(&state, LARGEST);
        for (size_t at = 0; at < size; at++)
            data[at] = (uint8_t)(draw(&state) >> (i % 57));
        require(stream_write(writer, RECORD_TOKENS, data, size, &err) == 0, &err);
    }
    const uint64_t totals[STREAM_TOTALS] = {1, 2, 3};
    require(stream_writer_finish(writer, totals, &err) == 0, &err);
    stream_writer_close(writer);
    return fd;
}

struct outcome {
    int result; /* of the last read */
    int records;
    uint64_t sum; /* a hash of the bytes of all records, in order */
    uint64_t total;
    struct error err;
};

/* Reads the stream, or its first `most` records. */
static struct outcome read_stream(int fd, bool ahead, int most)
{
    struct outcome out = {.result = -1};
    struct record record;
    lseek(fd, 0, SEEK_SET);
    struct stream_reader *reader = stream_reader_open(fd, "file", STREAM_ANY, &out.err);
    if (!reader)
        return out;
    if (ahead)
        require(stream_read_ahead(reader, &out.err) == 0, &out.err);
    while (out.records < most && (out.result = stream_read(reader, &record, &out.err)) > 0) {
        out.records++;
        for (size_t i = 0; i < record.size; i++)
            out.sum = out.sum * 31 + record.data[i];
    }
    if (out.result == 0)
        out.total = stream_totals(reader)[2];
    if (out.result > 0 && most == RECORDS)
        stream_fault(reader, &out.err, "a fault");
    stream_reader_close(reader);
    return out;
}

static bool same(const struct outcome *a, const struct outcome *b)
{
    return a->result == b->result && a->records == b->records && a->sum == b->sum &&
           a->total == b->total && (a->result == 0 || strcmp(a->err.text, b->err.text) == 0);
}

static void test_whole(int fd)
{
    struct outcome alone = read_stream(fd, false, INT32_MAX),
                   ahead = read_stream(fd, true, INT32_MAX);
    tap_check(alone.result == 0 && alone.records == RECORDS && alone.total == 3,
              "a complete stream is read");
    tap_check(same(&alone, &ahead), "reading ahead: the same records and totals");
    alone = read_stream(fd, false, RECORDS);
    ahead = read_stream(fd, true, RECORDS);
    tap_check(strstr(alone.err.text, ", record 300: a fault"), "an error names its record");
    tap_check(same(&alone, &ahead), "reading ahead: an error names the record last returned");
}

static void test_early_close(int fd)
{
    int bad = 0;
    for (int most = 0; most < 20; most++)
        bad += read_stream(fd, true, most).records != most;
    tap_check(bad == 0, "reading ahead: a reader can be closed after any record");
}

/* The same errors for a stream truncated, or with a bit flipped, at many offsets. */
static void test_broken(int fd)
{
    struct error err = {STATUS_FAILED, "no file in memory"};
    off_t size = lseek(fd, 0, SEEK_END);
    int accepted = 0, different = 0;
    for (int i = 0; i < 60; i++) {
        off_t offset = size * i / 60 + i;
        uint8_t byte;
        int cut = new_file();
        uint8_t *copy = malloc((size_t)offset + 1);
        require(copy && pread(fd, copy, (size_t)offset, 0) == offset &&
                    write(cut, copy, (size_t)offset) == offset,
                &err);
        free(copy);
        struct outcome alone = read_stream(cut, false, INT32_MAX),
                       ahead = read_stream(cut, true, INT32_MAX);
        close(cut);
        accepted += alone.result >= 0;
        different += !same(&alone, &ahead);

        require(pread(fd, &byte, 1, offset) == 1, &err);
        byte ^= (uint8_t)(1 << i % 8);
        require(pwrite(fd, &byte, 1, offset) == 1, &err);
        alone = read_stream(fd, false, INT32_MAX);
        ahead = read_stream(fd, true, INT32_MAX);
        accepted += alone.result >= 0;
        different += !same(&alone, &ahead);
        byte ^= (uint8_t)(1 << i % 8);
        require(pwrite(fd, &byte, 1, offset) == 1, &err);
    }
    tap_check(accepted == 0, "truncated and damaged streams are refused");
    tap_check(different == 0, "reading ahead: refused after the same records for the same reason");
}

int main(void)
{
    int fd = write_stream();
    test_whole(fd);
    test_early_close(fd);
    test_broken(fd);
    close(fd);
    return tap_end();
}

/* SPDX-License-Identifier: MIT */
#include "base/number_log.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { CHUNK = 1 << 16 /* numbers that are collected before writing to the file */ };

struct number_log number_log_new(uint64_t limit)
{
    return (struct number_log){.limit = limit};
}

void number_log_release(struct number_log *log)
{
    free(log->memory);
    if (log->spooled)
        spool_close(&log->file);
    *log = (struct number_log){0};
}

/* Moves the numbers in memory to the file. */
static int flush(struct number_log *log, struct error *err)
{
    if (!log->spooled && spool_open(&log->file, err) < 0)
        return -1;
    log->spooled = true;
    if (spool_append(&log->file, log->memory, log->waiting * sizeof *log->memory, err) < 0)
        return -1;
    log->waiting = log->capacity = 0;
    free(log->memory);
    log->memory = NULL;
    return 0;
}

int number_log_add(struct number_log *log, const uint32_t *number, size_t n, struct error *err)
{
    uint64_t limit = log->spooled ? CHUNK : log->limit / sizeof *number;
    if (log->waiting > 0 && log->waiting + n > limit && flush(log, err) < 0)
        return -1;
    if (memory_reserve(&log->memory, &log->capacity, log->waiting + n, sizeof *number, err) < 0)
        return -1;
    if (n > 0) /* else `number` and `memory` may be NULL */
        memcpy(log->memory + log->waiting, number, n * sizeof *number);
    log->waiting += n;
    log->count += n;
    return 0;
}

int number_log_finish(struct number_log *log, struct error *err)
{
    return log->spooled ? flush(log, err) : 0;
}

int number_log_read(const struct number_log *log, uint64_t at, size_t n, uint32_t **buffer,
                    size_t *capacity, const uint32_t **number, struct error *err)
{
    *number = log->memory ? log->memory + at : NULL;
    if (!log->spooled)
        return 0;
    if (memory_reserve(buffer, capacity, n, sizeof **buffer, err) < 0 ||
        spool_read(&log->file, *buffer, n * sizeof **buffer, at * sizeof **buffer, err) < 0)
        return -1;
    *number = *buffer;
    return 0;
}

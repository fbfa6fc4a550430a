/* SPDX-License-Identifier: MIT */
#include "text/token_log.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { CHUNK = 1 << 16 /* tokens that are written or read at a time */ };

struct token_log token_log_new(uint64_t limit)
{
    return (struct token_log){.limit = limit};
}

void token_log_release(struct token_log *log)
{
    free(log->memory);
    free(log->buffer);
    if (log->spooled)
        spool_close(&log->file);
    *log = (struct token_log){0};
}

/* Moves the tokens in memory to the file. */
static int flush(struct token_log *log, struct error *err)
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

int token_log_add(struct token_log *log, const uint32_t *token, size_t n, struct error *err)
{
    uint64_t limit = log->spooled ? CHUNK : log->limit / sizeof *token;
    if (log->waiting > 0 && log->waiting + n > limit && flush(log, err) < 0)
        return -1;
    if (memory_reserve(&log->memory, &log->capacity, log->waiting + n, sizeof *token, err) < 0)
        return -1;
    if (n > 0) /* else `token` and `memory` may be NULL */
        memcpy(log->memory + log->waiting, token, n * sizeof *token);
    log->waiting += n;
    log->count += n;
    return 0;
}

int token_log_finish(struct token_log *log, struct error *err)
{
    return log->spooled ? flush(log, err) : 0;
}

int token_log_read(struct token_log *log, uint64_t *at, const uint32_t **token, size_t *n,
                   struct error *err)
{
    uint64_t left = log->count - *at;
    *n = left < CHUNK ? (size_t)left : CHUNK;
    *token = log->memory ? log->memory + *at : NULL;
    if (log->spooled) {
        if (!log->buffer && !(log->buffer = memory_new(CHUNK, sizeof *log->buffer, err)))
            return -1;
        if (spool_read(&log->file, log->buffer, *n * sizeof **token, *at * sizeof **token, err) < 0)
            return -1;
        *token = log->buffer;
    }
    *at += *n;
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* token_log.h -- the tokens of a corpus, to be read several times: in memory or, if they exceed a
 * limit, in a temporary file.
 */
#ifndef SGNS_TOKEN_LOG_H
#define SGNS_TOKEN_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/spool.h"

struct token_log {
    uint64_t limit;   /* the most bytes in memory */
    uint32_t *memory; /* the `waiting` latest tokens; all, unless spooled */
    size_t capacity, waiting;
    bool spooled; /* all earlier ones are in the file */
    struct spool file;
    uint64_t count;   /* tokens */
    uint32_t *buffer; /* those that were read from the file */
};

/* `limit` is in bytes. There is nothing to release until a token is added. */
struct token_log token_log_new(uint64_t limit);
void token_log_release(struct token_log *log);

int token_log_add(struct token_log *log, const uint32_t *token, size_t n,
                  struct error *err) MUST_USE;
/* Must be called after the last of them. */
int token_log_finish(struct token_log *log, struct error *err) MUST_USE;

/* Reads tokens from number *at on, which it advances: *n at *token, valid until the next call; *n
 * is 0 at the end. */
int token_log_read(struct token_log *log, uint64_t *at, const uint32_t **token, size_t *n,
                   struct error *err) MUST_USE;

#endif

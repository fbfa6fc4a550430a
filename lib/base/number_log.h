/* SPDX-License-Identifier: MIT */
/* number_log.h -- a long sequence of numbers, written once and read anywhere: in memory or, if it
 * exceeds a limit, in a temporary file.
 */
#ifndef SGNS_NUMBER_LOG_H
#define SGNS_NUMBER_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/spool.h"

struct number_log {
    uint64_t limit;   /* the most bytes in memory */
    uint32_t *memory; /* the `waiting` latest numbers; all, unless spooled */
    size_t capacity, waiting;
    bool spooled; /* all earlier ones are in the file */
    struct spool file;
    uint64_t count; /* numbers */
};

/* `limit` is in bytes. There is nothing to release until a number is added. */
struct number_log number_log_new(uint64_t limit);
void number_log_release(struct number_log *log);

int number_log_add(struct number_log *log, const uint32_t *number, size_t n,
                   struct error *err) MUST_USE;
/* Must be called after the last of them. */
int number_log_finish(struct number_log *log, struct error *err) MUST_USE;

/* Reads `n` numbers from number `at` on, which all exist: *number, valid until the next call with
 * the same buffer. `buffer` (capacity) grows as needed, initialise it with NULL; the caller frees
 * it. */
int number_log_read(const struct number_log *log, uint64_t at, size_t n, uint32_t **buffer,
                    size_t *capacity, const uint32_t **number, struct error *err) MUST_USE;

#endif

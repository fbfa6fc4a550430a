/* SPDX-License-Identifier: MIT */
/* spool.h -- spills data to a temporary file: append at the end, read at any offset.
 *
 * Sizes and offsets are in bytes. Errors have status 1 and name the directory.
 */
#ifndef SGNS_SPOOL_H
#define SGNS_SPOOL_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct spool {
    int fd;
    uint64_t size;
};

/* Creates an empty spool. On error there is nothing to close. */
int spool_open(struct spool *spool, struct error *err) MUST_USE;
void spool_close(struct spool *spool);
/* Empties the spool and frees its disk space. */
int spool_clear(struct spool *spool, struct error *err) MUST_USE;

int spool_append(struct spool *spool, const void *data, size_t size, struct error *err) MUST_USE;
/* Reads `size` bytes from `offset`, all of which were appended before. */
int spool_read(const struct spool *spool, void *data, size_t size, uint64_t offset,
               struct error *err) MUST_USE;

#endif

/* SPDX-License-Identifier: MIT */
/* spool.h -- data on its way through a temporary file: appended at the end, read anywhere.
 *
 * Sizes and offsets are in bytes. Errors have status 1 and name the folder.
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

/* On error there is nothing to close. */
int spool_open(struct spool *spool, struct error *err) MUST_USE;
void spool_close(struct spool *spool);
/* Makes it empty; its space comes back. */
int spool_clear(struct spool *spool, struct error *err) MUST_USE;

int spool_append(struct spool *spool, const void *data, size_t size, struct error *err) MUST_USE;
/* Reads what was appended before. */
int spool_read(const struct spool *spool, void *data, size_t size, uint64_t offset,
               struct error *err) MUST_USE;

#endif

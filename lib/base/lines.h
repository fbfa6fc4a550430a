/* SPDX-License-Identifier: MIT */
/* lines.h -- the lines of a text, one by one, as soon as they are there.
 *
 * Lines end with a newline, before which a carriage return is dropped; the last one may lack it.
 */
#ifndef SGNS_LINES_H
#define SGNS_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum { LINE_LENGTH_MAX = 1 << 20 };

struct lines {
    int fd;           /* the caller's */
    const char *name; /* for messages */
    uint64_t number;  /* of the latest line, from 1 */
    /* the reader's own */
    char *buffer;
    size_t start, searched, end, capacity; /* no newline between start and searched */
    bool over;
};

struct lines lines_of(int fd, const char *name);
void lines_release(struct lines *lines);

/* Whether lines_next() will not have to wait. */
bool lines_ready(struct lines *lines);

/* The next line, any bytes, valid until the next call. Returns 1, or 0 at the end, or −1: status 3
 * for one longer than LINE_LENGTH_MAX. */
int lines_next(struct lines *lines, const char **line, size_t *length, struct error *err) MUST_USE;

#endif

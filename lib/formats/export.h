/* SPDX-License-Identifier: MIT */
/* export.h -- words and vectors on their way to a file of another program's format. */
#ifndef SGNS_EXPORT_H
#define SGNS_EXPORT_H

#include "base/output.h"
#include "stream/vocab.h"

struct export
{
    const struct vocab *vocab;
    uint32_t dim;
    struct output *rows;  /* with text, of bytes of any kind */
    struct output *words; /* the second file of a format that has two, else NULL */
    char *line;           /* scratch */
    size_t line_capacity;
};

void export_release(struct export *to);

/* Writes bytes to one of the outputs. */
int export_put(struct output *output, const void *data, size_t size, struct error *err) MUST_USE;

/* Room for a line of `length` bytes and dim numbers, each with a byte beside it, and a newline;
 * valid until the next call. NULL on error. */
char *export_line(struct export *to, size_t length, struct error *err) MUST_USE;

/* Writes the word of a row as a line of the second file. */
int export_word_line(struct export *to, uint32_t id, struct error *err) MUST_USE;

#endif

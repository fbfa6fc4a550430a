/* SPDX-License-Identifier: MIT */
/* export.h -- writes words and vectors in the file format of another program. */
#ifndef SGNS_EXPORT_H
#define SGNS_EXPORT_H

#include "base/output.h"
#include "stream/vocab.h"

struct export
{
    const struct vocab *vocab;
    uint32_t dim;
    struct output *rows;  /* opened with output_text(), also for binary formats */
    struct output *words; /* likewise: the second file of formats with two files, else NULL */
    char *line;           /* scratch for export_line() */
    size_t line_capacity;
};

void export_release(struct export *to);

/* Writes `size` bytes to one of the outputs. */
int export_put(struct output *output, const void *data, size_t size, struct error *err) MUST_USE;

/* Returns a buffer for a line: `length` bytes of text, then dim numbers, each with a separator,
 * then a newline. Valid until the next call. NULL on error. */
char *export_line(struct export *to, size_t length, struct error *err) MUST_USE;

/* Writes the word with this id as a line of the second file. */
int export_word_line(struct export *to, uint32_t id, struct error *err) MUST_USE;

#endif

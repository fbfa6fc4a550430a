/* SPDX-License-Identifier: MIT */
/* formats.h -- the file formats of other programs, by name, and their detection. */
#ifndef SGNS_FORMATS_H
#define SGNS_FORMATS_H

#include "base/content.h"
#include "formats/export.h"
#include "formats/import.h"

struct format {
    const char *name;
    bool binary; /* do not write it to a terminal */
    /* For formats with two files, the suffixes of their names: the file of the vectors and the file
     * of the words, whose names are the same otherwise. Else NULL. */
    const char *rows_suffix, *words_suffix;
    /* Reads all of the input; `words` is the second file, or NULL for formats without one. `to` must
     * be empty; the caller releases it, even on error. */
    int (*import)(struct input *in, struct input *words, struct import *to, struct error *err);
    /* Write the header (NULL for formats without one), then each row. */
    int (*export_header)(struct export *to, struct error *err);
    int (*export_row)(struct export *to, uint32_t id, const float *row, struct error *err);
};

/* All formats, then one without a name. */
extern const struct format formats[];

/* The format of this name, or NULL. */
const struct format *format_find(const char *name);

/* What an input is, by its first bytes. */
struct format_found {
    bool stream;                   /* it may be a stream; else: */
    const struct format *format;   /* certain; NULL if it is not */
    const struct content *content; /* what it is instead, if that is known; else NULL */
    bool may_be_vectors;           /* the user may know the format */
};

/* Detects the format of an input from its first bytes or lines, without taking any. An empty input,
 * and one that no format can begin with, such as compressed data, are errors of status 3. */
int format_detect(struct input *in, struct format_found *found, struct error *err) MUST_USE;

/* The name of the file of words that belongs to the file `rows`; the caller frees it. NULL and
 * status 2 if `rows` does not end in rows_suffix. */
char *format_words_name(const struct format *format, const char *rows, struct error *err) MUST_USE;

#endif

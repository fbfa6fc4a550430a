/* SPDX-License-Identifier: MIT */
/* formats.h -- the file formats of other programs, by name, and their detection. */
#ifndef SGNS_FORMATS_H
#define SGNS_FORMATS_H

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

/* Detects the format of an input from its first bytes or lines, without taking any. *format becomes
 * NULL if that is not certain. */
int format_guess(struct input *in, const struct format **format, struct error *err) MUST_USE;

/* The name of the file of words that belongs to the file `rows`; the caller frees it. NULL and
 * status 2 if `rows` does not end in rows_suffix. */
char *format_words_name(const struct format *format, const char *rows, struct error *err) MUST_USE;

#endif

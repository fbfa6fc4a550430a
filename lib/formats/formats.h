/* SPDX-License-Identifier: MIT */
/* formats.h -- the formats of other programs, by name, and a guess at a file's. */
#ifndef SGNS_FORMATS_H
#define SGNS_FORMATS_H

#include "formats/export.h"
#include "formats/import.h"

struct format {
    const char *name;
    bool binary; /* nothing for a terminal */
    /* A format of two files: how their names end, that of the vectors and that of the words, which
     * otherwise are the same. Else NULL. */
    const char *rows_end, *words_end;
    /* Reads the input whole; `words` is the second file of a format that has one, else NULL.
     * any_count: rows are taken as many as there are, whatever the file says. `to` is empty before;
     * it is the caller's to release, also on error. */
    int (*import)(struct input *in, struct input *words, bool any_count, struct import *to,
                  struct error *err);
    /* Write what comes first, if there is something (else NULL); then each row. */
    int (*export_header)(struct export *to, struct error *err);
    int (*export_row)(struct export *to, uint32_t id, const float *row, struct error *err);
};

/* All of them; the last has no name. */
extern const struct format formats[];

/* NULL where there is none of this name. */
const struct format *format_find(const char *name);

/* The format of an input, by what it begins with; nothing is taken. *format becomes NULL where that
 * is not certain. */
int format_guess(struct input *in, const struct format **format, struct error *err) MUST_USE;

/* The name of the second file beside `rows`, which is the caller's to free. NULL, and an error of
 * status 2, where the name does not end as it should. */
char *format_words_name(const struct format *format, const char *rows, struct error *err) MUST_USE;

#endif

/* SPDX-License-Identifier: MIT */
/* content.h -- names data that a reader did not expect, from its first bytes, with the next step.
 *
 * Recognised are compressed files, archives, documents, files of other programs, executables, and
 * text in UTF-16 or UTF-32. Every criterion is certain: no text in UTF-8, or in any other encoding
 * that extends ASCII, meets one of those whose `text` is false. stream/recognise.h recognises the
 * streams of these programs.
 */
#ifndef SGNS_CONTENT_H
#define SGNS_CONTENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* More bytes than these are not looked at. */
enum { CONTENT_PROBE = 4096 };

struct content {
    const char *name;   /* with its article: "gzip-compressed data", "a ZIP archive" */
    const char *advice; /* what to do, an imperative: "decompress it with 'gzip -dc FILE'" */
    bool text;          /* the data can be read as lines of words, such as HTML */
};

/* What an input is that begins with `data` (size), or NULL if it is not known. `size` can be
 * anything from 0 on; fewer than CONTENT_PROBE bytes may be too few to be certain. */
const struct content *content_recognise(const void *data, size_t size);

/* Whether sgns-convert reads what content_recognise() returned. */
bool content_is_vectors(const struct content *content);

/* Whether `data` (size) looks like text: at least one byte, and no control characters except white
 * space, escape and backspace. For messages only: text need not look like text. */
bool content_looks_like_text(const void *data, size_t size);

/* The number of bytes, 3 or 0, of a UTF-8 byte order mark at the start of `data` (size). */
size_t content_mark_size(const void *data, size_t size);

/* Reports that the input `name` is not what was expected, "text" for example: an error of status 3
 * with both names and the advice. Returns -1. */
int content_refuse(const struct content *content, const char *name, const char *expected,
                   struct error *err);

#endif

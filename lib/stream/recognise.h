/* SPDX-License-Identifier: MIT */
/* recognise.h -- recognises a stream by its first bytes, and reports what is not the expected one.
 */
#ifndef SGNS_RECOGNISE_H
#define SGNS_RECOGNISE_H

#include "base/content.h"
#include "base/input.h"
#include "stream/layout.h"

/* Whether the input can be a stream, according to its first bytes: `data` (size) must have at least
 * four, or all of a shorter input. */
bool stream_may_start_with(const void *data, size_t size);

/* What an input is that begins with `data` (size): a stream, or what content.h knows. NULL if
 * neither. */
const struct content *stream_content(const void *data, size_t size);

/* Reports an input that begins with `data` (size) if that certainly is no text: an error of status
 * 3. Returns 0 or -1. */
int stream_expect_text(const char *name, const void *data, size_t size, struct error *err) MUST_USE;

/* The same for an input of which at least `size` bytes are read ahead first, unless it ends. */
int stream_expect_text_in(struct input *input, size_t size, struct error *err) MUST_USE;

/* Both report an input that is not a stream of kind `expected` but a stream of kind `found`, or
 * begins with `data` (size) and is no stream at all: an error of status 3 with the next step to
 * take, where one is known. Return -1. */
int stream_refuse_kind(const char *name, enum stream_kind found, enum stream_kind expected,
                       struct error *err);
int stream_refuse_content(const char *name, const void *data, size_t size,
                          enum stream_kind expected, struct error *err);

#endif

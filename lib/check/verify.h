/* SPDX-License-Identifier: MIT */
/* verify.h -- reads a stream of any kind to its END, with all checks that the readers make. */
#ifndef SGNS_VERIFY_H
#define SGNS_VERIFY_H

#include "check/stream_info.h"

/* Returns the kind of the stream if it is complete and valid, else -1. On success fills `info`,
 * which must be zero before; the caller releases it. `progress` is called after each record of the
 * data; NULL: never called. */
int verify_stream(int fd, const char *name, struct stream_info *info, void (*progress)(void),
                  struct error *err) MUST_USE;
/* The same if the first bytes of the input were already read, see stream_reader_open_prefixed(). */
int verify_stream_prefixed(int fd, const char *name, const void *prefix, size_t prefix_size,
                           struct stream_info *info, void (*progress)(void),
                           struct error *err) MUST_USE;

/* Verifies a stream for its vocabulary, in which a corpus can be encoded: with counts, and <unk> first.
 * `header`, which must be empty, becomes that of the stream; the caller releases it. Counts, and vectors
 * without counts, are an error of status 3. */
int verify_vocab(int fd, const char *name, struct header *header, void (*progress)(void),
                 struct error *err) MUST_USE;

#endif

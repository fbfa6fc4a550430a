/* SPDX-License-Identifier: MIT */
/* header.h -- the header of a stream: its provenance and its vocabulary (FORMAT.md, section 4).
 *
 * Each program reads the header of its input, adds its own provenance, and writes it to its output,
 * so that the vocabulary and the chain of commands reach the last file.
 */
#ifndef SGNS_HEADER_H
#define SGNS_HEADER_H

#include "base/bytes.h"
#include "stream/reader.h"
#include "stream/vocab.h"
#include "stream/writer.h"

/* All fields zero: an empty header. */
struct header {
    /* (programs) The content of each PROVENANCE record, in the order in which the programs ran. */
    struct bytes *provenance;
    size_t programs, programs_capacity;
    struct vocab vocab;
};

void header_release(struct header *header);

/* Appends the provenance of a program: `content` (size) is a sequence of zero-terminated
 * strings. */
int header_add_provenance(struct header *header, const void *content, size_t size,
                          struct error *err) MUST_USE;

/* Appends the first `count` PROVENANCE records of `from`, except those that `header` already
 * has. */
int header_join_provenance(struct header *header, const struct header *from, size_t count,
                           struct error *err) MUST_USE;

/* Reads all records up to SHAPE, inclusive. *shape becomes a cursor over the fields of SHAPE after
 * the first, valid until the next call on the reader. `header` must be empty; the caller releases
 * it, even on error. */
int header_read(struct stream_reader *reader, struct header *header, struct cursor *shape,
                struct error *err) MUST_USE;

/* Writes the header. `shape` has the fields of SHAPE after the first; NULL if there are none. */
int header_write(struct stream_writer *writer, const struct header *header,
                 const struct bytes *shape, struct error *err) MUST_USE;

/* The size in bytes, 2 or 4, of an id in a stream with this vocabulary. */
unsigned header_id_width(const struct header *header);

#endif

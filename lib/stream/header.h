/* SPDX-License-Identifier: MIT */
/* header.h -- what every stream begins with: where it comes from, and its vocabulary.
 *
 * FORMAT.md, section 4. Each program reads the header of its input, adds its own provenance, and
 * writes it on, so that the vocabulary and the chain of commands reach the last file.
 */
#ifndef SGNS_HEADER_H
#define SGNS_HEADER_H

#include "base/bytes.h"
#include "stream/reader.h"
#include "stream/vocab.h"
#include "stream/writer.h"

/* All zero is an empty one. */
struct header {
    struct bytes *provenance; /* the content of each PROVENANCE record, the oldest program first */
    size_t programs, programs_capacity;
    struct vocab vocab;
};

void header_release(struct header *header);

/* Adds a program's own record to the chain: `size` bytes of zero-closed strings. */
int header_add_provenance(struct header *header, const void *content, size_t size,
                          struct error *err) MUST_USE;

/* Adds the first `count` records of another stream's chain, but for those that `header` has. */
int header_join_provenance(struct header *header, const struct header *from, size_t count,
                           struct error *err) MUST_USE;

/* Reads up to and with SHAPE; *shape is then a cursor over what SHAPE has beyond its first field,
 * valid until the next call on the reader. `header` is empty before. */
int header_read(struct stream_reader *reader, struct header *header, struct cursor *shape,
                struct error *err) MUST_USE;

/* Writes the header; `shape` (may be NULL) is what SHAPE has beyond its first field. */
int header_write(struct stream_writer *writer, const struct header *header,
                 const struct bytes *shape, struct error *err) MUST_USE;

/* Bytes that an id takes in a stream with this vocabulary, 2 or 4. */
unsigned header_id_width(const struct header *header);

#endif

/* SPDX-License-Identifier: MIT */
/* header.h -- what every stream begins with: where it comes from, and its vocabulary.
 *
 * FORMAT.md, section 4. Each program reads the head of its input, adds its own provenance, and
 * writes it on, so that the vocabulary and the chain of commands reach the last file.
 */
#ifndef SGNS_HEADER_H
#define SGNS_HEADER_H

#include "base/bytes.h"
#include "stream/reader.h"
#include "stream/vocab.h"
#include "stream/writer.h"

/* All zero is an empty one. */
struct head {
    struct bytes *provenance; /* the content of each PROVENANCE record, the oldest program first */
    size_t programs, programs_capacity;
    struct vocab vocab;
};

void head_release(struct head *head);

/* Adds a program's own record to the chain: `size` bytes of zero-closed strings. */
int head_add_provenance(struct head *head, const void *content, size_t size,
                        struct error *err) MUST_USE;

/* Adds the first `count` records of another stream's chain, but for those that `head` has. */
int head_join_provenance(struct head *head, const struct head *from, size_t count,
                         struct error *err) MUST_USE;

/* Reads up to and with SHAPE; *shape is then a cursor over what SHAPE has beyond its first field,
 * valid until the next call on the reader. `head` is empty before. */
int head_read(struct stream_reader *reader, struct head *head, struct cursor *shape,
              struct error *err) MUST_USE;

/* Writes the head; `shape` (may be NULL) is what SHAPE has beyond its first field. */
int head_write(struct stream_writer *writer, const struct head *head, const struct bytes *shape,
               struct error *err) MUST_USE;

/* Bytes that an id takes in a stream with this vocabulary, 2 or 4. */
unsigned head_id_width(const struct head *head);

#endif

/* SPDX-License-Identifier: MIT */
/* counts.h -- counts streams: the words of a text and how often each occurs.
 *
 * The vocabulary of a counts stream is <unk> and then every distinct word of the text, by first
 * appearance. vocab_select() makes the final vocabulary from it.
 */
#ifndef SGNS_COUNTS_H
#define SGNS_COUNTS_H

#include "stream/corpus.h"

/* Reads a stream, of which only the preamble has been read, to its verified end. `header` must be
 * empty; the caller releases it, even on error. */
int counts_read(struct stream_reader *stream, struct header *header, struct corpus_totals *totals,
                struct error *err) MUST_USE;

/* Writes a complete stream. totals->tokens must be the sum of all counts. */
int counts_write(int fd, const char *name, const struct header *header,
                 const struct corpus_totals *totals, struct error *err) MUST_USE;

#endif

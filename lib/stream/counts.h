/* SPDX-License-Identifier: MIT */
/* counts.h -- the words of a text and how often each occurs: counts streams.
 *
 * The vocabulary of such a stream is every different word, behind <unk> those of the text by first
 * appearance. It is what vocab_select makes a vocabulary from.
 */
#ifndef SGNS_COUNTS_H
#define SGNS_COUNTS_H

#include "stream/corpus.h"

/* Reads a stream that was just opened to its verified end. `header` is empty before; it is the
 * caller's to release, also on error. */
int counts_read(struct stream_reader *stream, struct header *header, struct corpus_totals *totals,
                struct error *err) MUST_USE;

/* Writes a whole stream. totals->tokens is the sum of the counts. */
int counts_write(int fd, const char *name, const struct header *header,
                 const struct corpus_totals *totals, struct error *err) MUST_USE;

#endif

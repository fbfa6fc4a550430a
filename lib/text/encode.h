/* SPDX-License-Identifier: MIT */
/* encode.h -- writes a text as the ids of a vocabulary, encoded and compressed on threads.
 *
 * What a thread makes of a block of the text is a record and a frame of its own; they are written in
 * order, so that the stream is the same for any number of threads.
 */
#ifndef SGNS_ENCODE_H
#define SGNS_ENCODE_H

#include "stream/corpus.h"
#include "text/text_counter.h"

/* Writes the text that was counted, and empties its store. new_id[place]: the id of each word of
 * `whole`. The header is written already, END is not. */
int encode_counted(struct text_counter *counted, const uint32_t *new_id,
                   struct corpus_writer *corpus, struct error *err) MUST_USE;

/* Writes the text as it is read, with the words of an index, others as UNKNOWN_ID. *bad_words: how
 * many of these were bad words. An error of status 3 where the text has no words. */
int encode_text(struct text_reader *text, const struct text_options *options,
                const struct word_index *index, struct corpus_writer *corpus, uint64_t *bad_words,
                struct error *err) MUST_USE;

#endif

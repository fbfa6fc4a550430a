/* SPDX-License-Identifier: MIT */
/* encode.h -- writes a text as a corpus stream, encoded and compressed with several threads.
 *
 * A thread turns a block of the text into one record in a frame of its own. The frames are
 * written in order, so that the stream is the same for any number of threads.
 */
#ifndef SGNS_ENCODE_H
#define SGNS_ENCODE_H

#include "stream/corpus.h"
#include "text/text_counter.h"

/* Writes the text that was counted and stored, and empties the store. new_id[i] is the vocabulary
 * id of word i of `whole`. The caller writes the header before this call and END after it.
 * `progress` is called from time to time, on the caller's thread, with the tokens written so far;
 * NULL: never called. */
int encode_counted(struct text_counter *counted, const uint32_t *new_id,
                   struct corpus_writer *corpus, void (*progress)(uint64_t tokens),
                   struct error *err) MUST_USE;

/* Writes the text while reading it: words of the index by their ids, all others as UNKNOWN_ID.
 * *bad_words becomes the number of bad words among these. A text without words is an error of
 * status 3. */
int encode_text(struct text_reader *text, const struct text_options *options,
                const struct word_index *index, struct corpus_writer *corpus, uint64_t *bad_words,
                struct error *err) MUST_USE;

#endif

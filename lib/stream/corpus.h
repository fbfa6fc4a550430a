/* SPDX-License-Identifier: MIT */
/* corpus.h -- corpus streams: a text as ids.
 *
 * In memory a token is a uint32_t, and a sentence ends with SENTENCE_END, as a line ends with a
 * newline. A chunk of tokens can end anywhere, also inside a sentence.
 */
#ifndef SGNS_CORPUS_H
#define SGNS_CORPUS_H

#include <stdint.h>

#include "stream/header.h"

#define SENTENCE_END UINT32_MAX

struct corpus_totals {
    uint64_t sentences, tokens;
};

/* ---- reading ---- */

struct corpus_reader {
    struct stream_reader *stream;
    struct header header;
    struct corpus_totals totals; /* read so far; verified against END at the end */
    uint32_t *token;             /* the latest chunk */
    size_t capacity;
    uint32_t last_token; /* SENTENCE_END at the start */
};

/* Reads preamble and header. `name`, for messages, must outlive the reader. On error there is
 * nothing to close. */
int corpus_reader_open(struct corpus_reader *reader, int fd, const char *name,
                       struct error *err) MUST_USE;
/* The same for an open stream, of which only the preamble has been read. Takes ownership of
 * `stream`, even on error. */
int corpus_reader_attach(struct corpus_reader *reader, struct stream_reader *stream,
                         struct error *err) MUST_USE;
void corpus_reader_close(struct corpus_reader *reader);

/* Reads the next chunk: *count tokens at reader->token, each checked against the vocabulary. They
 * are valid until the next call. Returns 1, or 0 at the verified end, or -1. */
int corpus_read(struct corpus_reader *reader, size_t *count, struct error *err) MUST_USE;

/* ---- writing ---- */

struct corpus_writer {
    struct stream_writer *stream;
    unsigned width;              /* of an id, in bytes */
    struct corpus_totals totals; /* written so far */
    uint32_t *token;             /* (buffered) tokens of the next record */
    size_t buffered;
    struct bytes record;
};

/* Writes preamble and header. `name`, for messages, must outlive the writer. On error there is
 * nothing to close. */
int corpus_writer_open(struct corpus_writer *writer, int fd, const char *name,
                       const struct header *header, struct error *err) MUST_USE;
/* Appends a token or SENTENCE_END. */
int corpus_write(struct corpus_writer *writer, uint32_t token, struct error *err) MUST_USE;
/* Appends a packed frame of TOKENS records; `totals` are those of these records. Do not mix it with
 * corpus_write(), whose tokens may still be buffered. */
int corpus_write_frame(struct corpus_writer *writer, const struct stream_frame *frame,
                       const struct corpus_totals *totals, struct error *err) MUST_USE;
/* Appends END. The last token must have been a SENTENCE_END. */
int corpus_writer_finish(struct corpus_writer *writer, struct error *err) MUST_USE;
/* Releases the writer, finished or not; does not close the descriptor. */
void corpus_writer_close(struct corpus_writer *writer);

#endif

/* SPDX-License-Identifier: MIT */
/* vocab_file.h -- reads a vocabulary that another program wrote as text.
 *
 * A line is a word and its count, separated by spaces or tabs, as word2vec, GloVe and gensim write
 * them, or a word alone. The first line decides which. Empty lines are skipped. The word </s> with
 * a count in the first line is word2vec's end of a line, and left out.
 */
#ifndef SGNS_VOCAB_FILE_H
#define SGNS_VOCAB_FILE_H

#include "base/input.h"
#include "stream/vocab.h"

struct vocab_file {
    struct vocab vocab; /* <unk>, then the words in the order of the file; all counts 0 without */
    bool counted;
};

/* Reads the input to its end. `file` must be zero before; the caller releases its vocabulary, even
 * on error. An invalid line, a word that occurs twice, and counts whose sum exceeds 64 bits are
 * errors of status 3 that name the line; so is a file without words. */
int vocab_file_read(struct vocab_file *file, struct input *input, struct error *err) MUST_USE;

/* Moves the count of each word in `counted` that is not in `vocab` to *unknown, so that only words
 * of both have a count. Returns how many words of `vocab`, other than <unk>, are not in `counted`,
 * or −1. */
int64_t vocab_file_keep(struct vocab *vocab, struct vocab *counted, uint64_t *unknown,
                        struct error *err) MUST_USE;

#endif

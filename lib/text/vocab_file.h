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

/* What vocab_file_keep() has kept. */
struct vocab_kept {
    uint32_t listed;  /* words of the list, without <unk> */
    uint32_t missing; /* of these, words that are not in the text */
    uint64_t unknown; /* tokens of words that are not in the list */
};

/* Sets the count of each word in `counted`, the words of a text after <unk>, to 0 if it is not in
 * `list`. */
int vocab_file_keep(struct vocab *list, struct vocab *counted, struct vocab_kept *kept,
                    struct error *err) MUST_USE;

#endif

/* SPDX-License-Identifier: MIT */
/* text_counter.h -- counts the words of a text with several threads, and stores it as token codes.
 *
 * Each thread counts its blocks of the text in a word table of its own. At the end the tables are
 * merged into one, with the words in the order of their first appearance in the text: so the result
 * depends neither on the number of threads nor on which thread counted which block.
 */
#ifndef SGNS_TEXT_COUNTER_H
#define SGNS_TEXT_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

#include "text/token_store.h"
#include "text/tokenizer.h"
#include "text/word_counter.h"

struct text_options {
    unsigned threads; /* at least 1 */
    bool strict;      /* a bad word is an error of status 3 */
    /* Called from time to time on the caller's thread, with the bytes and tokens read so far. NULL:
     * never called. */
    void (*progress)(uint64_t bytes, uint64_t tokens);
};

struct text_counter {
    unsigned threads;
    struct word_counter *counter; /* (threads) the words of each thread, with ids of its own */
    uint32_t **whole_id;       /* [t][i]: the id in `whole` of word i of thread t; NULL with one */
    struct word_counter whole; /* all words, merged; with one thread, that thread's own counter */
    struct token_store *store; /* the text as codes of counter[chunk.table]; NULL: not stored */
};

/* Reads and counts the whole text. `memory` is the limit of the store in bytes; NULL: the text is
 * not stored. A text without words is an error of status 3. On error there is nothing to
 * release. */
int text_counter_run(struct text_counter *c, struct text_reader *text,
                     const struct text_options *options, const uint64_t *memory,
                     struct error *err) MUST_USE;
void text_counter_release(struct text_counter *c);

#endif

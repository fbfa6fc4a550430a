/* SPDX-License-Identifier: MIT */
/* text_counter.h -- counts the words of a text on threads, and keeps the text as numbers.
 *
 * Each thread counts its blocks of the text with a table of its own. In the end the tables become
 * one, with the words in the order in which they first appear in the text: so what comes out does
 * not depend on how many threads there are, nor on which block was whose.
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
    /* Called now and then with what was read so far, on the caller's thread; NULL: not at all. */
    void (*progress)(uint64_t bytes, uint64_t tokens);
};

struct text_counter {
    unsigned threads;
    struct word_counter *counter; /* (threads) the words of each thread, with places of their own */
    uint32_t **place;             /* (threads) of each of them, its place in `whole` */
    struct word_counter whole;    /* of one thread it is that thread's, and there is no place[0] */
    struct token_store *store;    /* the text, as numbers of the counter that chunk.table names */
};

/* Reads the whole text. `memory`: of the store, in bytes; NULL: no store. On error there is nothing
 * to release. */
int text_counter_run(struct text_counter *c, struct text_reader *text,
                     const struct text_options *options, const uint64_t *memory,
                     struct error *err) MUST_USE;
void text_counter_release(struct text_counter *c);

#endif

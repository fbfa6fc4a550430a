/* SPDX-License-Identifier: MIT */
/* example_lines.h -- reads examples from lines of text, as sgns-cat prints them.
 *
 * A line has the centre word, a tab, context words and, optionally, a tab and noise words. Spaces,
 * or other ASCII white space except tabs, separate words. Words that are not in the vocabulary, and
 * <unk>, are dropped, and with them an example that loses its centre word or all of its context
 * words.
 */
#ifndef SGNS_EXAMPLE_LINES_H
#define SGNS_EXAMPLE_LINES_H

#include "base/input.h"
#include "batch/example_store.h"
#include "stream/vocab.h"

struct example_lines {
    struct example_store store;
    uint64_t lines;
    uint64_t unknown; /* words dropped */
    uint64_t dropped; /* examples dropped */
    /* (words) How often each word of the vocabulary is a context word; NULL: the vocabulary was
     * given. */
    uint64_t *context_count;
    uint32_t *new_id; /* that of the store */
};

/* Reads all lines. An empty `vocab` becomes the vocabulary of the lines: all their words, each with
 * its number of occurrences as a centre or context word. Otherwise it must start with <unk>, and is
 * not changed. `limit`: bytes of the store in memory. `progress`, unless NULL, is called from time
 * to time with the lines read so far. A malformed line, or no line, is an error of status 3. On
 * error there is nothing to release. */
int example_lines_read(struct example_lines *l, struct input *in, uint64_t limit,
                       struct vocab *vocab, void (*progress)(uint64_t lines),
                       struct error *err) MUST_USE;
void example_lines_release(struct example_lines *l);

#endif

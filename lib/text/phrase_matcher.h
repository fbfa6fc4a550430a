/* SPDX-License-Identifier: MIT */
/* phrase_matcher.h -- joins the phrases that an existing vocabulary has, in another text.
 *
 * A phrase is a word of that vocabulary that consists of words of the text with a delimiter between
 * them, and is not a word of the text itself. Of several phrases at the same place the longest is
 * joined.
 */
#ifndef SGNS_PHRASE_MATCHER_H
#define SGNS_PHRASE_MATCHER_H

#include "stream/vocab.h"

struct phrase_range {
    uint32_t first, end;
};

struct phrase_matcher {
    const struct words *text, *joined;
    const char *delimiter;
    uint32_t *sorted; /* (phrases) ids in `joined` of possible phrases, sorted by their bytes */
    uint32_t phrases;
    struct phrase_range *range; /* (words of the text) the phrases that start with it, a delimiter
                                   following */
    uint32_t *id;               /* (words of the text) the id in `joined`, or UNKNOWN_ID */
};

/* `text` and `joined` must outlive the matcher. On error there is nothing to release. */
int phrase_matcher_init(struct phrase_matcher *m, struct words *text, const struct words *joined,
                        const char *delimiter, struct error *err) MUST_USE;
void phrase_matcher_release(struct phrase_matcher *m);

/* Returns how many of the `n` tokens, at least one, form the longest phrase from the first token
 * on; *id is its id in `joined`. If there is none, 1 and the id of the token itself. No token may
 * be SENTENCE_END. */
size_t phrase_match(const struct phrase_matcher *m, const uint32_t *token, size_t n, uint32_t *id);

#endif

/* SPDX-License-Identifier: MIT */
/* phrases.h -- finds the phrases of a corpus, words that occur together more often than by chance,
 * and joins them.
 *
 * Mikolov et al., "Distributed representations of words and phrases and their compositionality",
 * NIPS 2013, section 4, in the form of the program word2phrase; and G. Bouma, "Normalized
 * (pointwise) mutual information in collocation extraction", GSCL 2009. A pair of neighbours a b
 * with the counts c(a), c(b) and c(a b) in a corpus of N tokens (without <unk>) is a phrase if its
 * score exceeds the threshold:
 *
 *   (c(a b) − δ) / (c(a) c(b)) N     or     ln(p(a b) / (p(a) p(b))) / −ln p(a b)   with p = c / N,
 *
 * the latter if c(a b) ≥ δ. Phrases neither contain <unk> nor cross the end of a sentence. A
 * sentence is joined from left to right: a word that is the end of a phrase is not the start of
 * another.
 *
 * Connector words are, as in gensim, never the start or the end of a phrase; a phrase may have any
 * number of them inside, and its score depends on its first and last word.
 */
#ifndef SGNS_PHRASES_H
#define SGNS_PHRASES_H

#include "base/number_log.h"
#include "stream/corpus.h"
#include "text/pair_counter.h"
#include "text/pair_map.h"

struct phrase_options {
    double threshold;
    uint64_t min_count;    /* δ */
    bool npmi;             /* the second score */
    const char *delimiter; /* between the words of a phrase */
    uint64_t memory;       /* bytes, for tokens and pairs */
};

struct phrase {
    uint64_t pair; /* first word, or a prefix, and last word */
    uint32_t id;   /* of the joined word */
    uint64_t count, first_count, last_count;
    double score;
};

/* The beginning of a phrase: a word and the connector words after it. */
struct phrase_prefix {
    uint32_t before; /* the prefix or word without the last connector word */
    uint32_t connector;
    uint32_t word; /* its first word */
};

/* A sentence that is being scanned. */
struct phrase_scan {
    uint32_t start;    /* the word or prefix that may start a phrase, or NO_WORD */
    uint32_t *between; /* (betweens) connector words after the first word */
    size_t betweens, capacity;
};

struct phrases {
    struct phrase_options options;
    struct vocab vocab; /* the words of the input, then joined ones; counts in the latest log */
    struct word_index *index;
    bool *connector; /* (words of the input) NULL: none */
    uint32_t words;  /* of the input */
    uint32_t
        *appeared; /* (appearances) the words of the latest log, in order of first appearance */
    size_t appearances, appeared_capacity;
    struct number_log log; /* the tokens of the corpus, joined so far */
    uint32_t *read;        /* (read_capacity) some of them, for phrases_read() */
    size_t read_capacity;
    /* a pass */
    bool counting; /* pairs are counted for another pass */
    struct pair_counter counter;
    struct phrase_scan scan;
    uint64_t *pair; /* (pairs) not counted yet */
    size_t pairs;
    struct pair_map prefix_index;
    struct phrase_prefix *prefix;
    size_t prefixes, prefix_capacity;
    struct phrase *phrase; /* (found) those of the latest pass, by decreasing score */
    size_t found, phrase_capacity;
    struct pair_map phrase_index;
};

/* Takes the words of `vocab`, which becomes empty. On error there is nothing to release. */
int phrases_init(struct phrases *p, struct vocab *vocab, const struct phrase_options *options,
                 struct team *team, struct error *err) MUST_USE;
void phrases_release(struct phrases *p);

/* Makes a word a connector word, if the vocabulary has it. Only before the first token. */
int phrases_add_connector(struct phrases *p, const char *word, size_t length,
                          struct error *err) MUST_USE;

/* Adds `n` tokens of the corpus. */
int phrases_add(struct phrases *p, const uint32_t *token, size_t n, struct error *err) MUST_USE;
int phrases_finish(struct phrases *p, struct error *err) MUST_USE;

/* Reads tokens of the corpus from number *at on, which it advances: *n at *token, valid until the
 * next call; *n is 0 at the end. */
int phrases_read(struct phrases *p, uint64_t *at, const uint32_t **token, size_t *n,
                 struct error *err) MUST_USE;

/* Finds the phrases: p->phrase (p->found). After phrases_finish() or phrases_join(). */
int phrases_find(struct phrases *p, struct error *err) MUST_USE;

/* Joins the phrases that were found. `again`: another pass follows. `progress`, unless NULL, is
 * called from time to time with the tokens read so far. */
int phrases_join(struct phrases *p, bool again, void (*progress)(uint64_t tokens),
                 struct error *err) MUST_USE;

/* Makes the vocabulary of the joined corpus, ordered as that of a text, of all words that it has.
 * new_id (words of p->vocab) becomes the id of each in it. `vocab` must be empty. */
int phrases_vocab(const struct phrases *p, struct vocab *vocab, uint32_t *new_id,
                  struct error *err) MUST_USE;

#endif

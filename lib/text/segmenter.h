/* SPDX-License-Identifier: MIT */
/* segmenter.h -- splits running text in UTF-8 into sentences and words.
 *
 * The output has one sentence per line and one space between two words. Words consist of the
 * characters that characters.h lists, in a simplified form of the rules of Unicode's Standard Annex
 * 29: WB4 (marks), WB6 and WB7 (inside words), WB7b and WB7c (Hebrew), WB11 and WB12 (numbers), WB13
 * (underscores, inside words only). Words are converted to lower case. A sentence ends
 *   - after . ! or ?, and closing quotation marks and brackets after these, if white space follows;
 *   - after any other character with Unicode's property Sentence_Terminal;
 *   - at an empty line, a paragraph separator, the end of the text, and optionally at each line end.
 * No locale has an influence, and none has how the caller divides the text into blocks. Memory does
 * not depend on the text.
 */
#ifndef SGNS_SEGMENTER_H
#define SGNS_SEGMENTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct segmenter_options {
    bool keep_case;      /* do not convert to lower case */
    bool lines;          /* a line end always ends a sentence */
    bool sentences_only; /* keep the characters of a sentence as they are, with single spaces */
};

/* How the current sentence can end. */
enum segmenter_ending {
    ENDING_NONE,
    ENDING_AT_SPACE, /* at the next character, if that is white space */
    ENDING_HERE      /* before the next character */
};

struct segmenter {
    struct segmenter_options options;
    char
        ascii[128]; /* a character of words in lower case; ' ': separates words; 0: anything else */
    char *out;      /* output. The last byte may still change, and is the one before the next:
                      * that of a word, or the space after it, or the newline after a sentence */
    size_t size, capacity; /* of `out`, in bytes */
    size_t taken; /* bytes at the start of `out` that segmenter_take() has returned; at least 1 */
    char partial[4]; /* an incomplete character at the end of the latest block */
    unsigned partial_size;
    enum segmenter_ending ending;
    uint32_t middle;       /* a character after a word that belongs to it if the next does; or 0 */
    unsigned last_class;   /* of the last letter or digit */
    bool last_is_unspaced; /* that letter is of a script without spaces */
    bool final_sigma;      /* the word ends in Σ so far, after other letters */
    bool line_is_empty;    /* so far, except for white space */
    bool after_return;     /* the last character is a carriage return */
    bool after_line_end;   /* the space at the end of `out` stands for a line end */
    bool starting;         /* no character of this text yet */
    uint64_t sentences, words, invalid_bytes; /* in what was taken; `invalid_bytes` in the text */
    uint64_t bytes;                           /* taken */
    uint64_t unspaced_letters, unspaced_runs; /* letters of such scripts, and sequences of them */
};

int segmenter_init(struct segmenter *segmenter, const struct segmenter_options *options,
                   struct error *err) MUST_USE;
void segmenter_release(struct segmenter *segmenter);

/* Reads the next `size` bytes of a text. */
int segmenter_feed(struct segmenter *segmenter, const char *text, size_t size,
                   struct error *err) MUST_USE;

/* Ends the text, and with it the sentence. Another text may follow. */
void segmenter_end(struct segmenter *segmenter);

/* Returns the output since the last call, *size bytes; valid until the next segmenter_feed(). */
const char *segmenter_take(struct segmenter *segmenter, size_t *size);

/* Whether most of the output consists of words that are in fact whole clauses, because their script
 * writes no spaces between words. */
bool segmenter_is_unspaced(const struct segmenter *segmenter);

#endif

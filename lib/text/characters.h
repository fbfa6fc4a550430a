/* SPDX-License-Identifier: MIT */
/* characters.h -- what the segmenter must know of each Unicode character, from generated tables.
 *
 * The classes follow Unicode's general categories and the word-break properties of its Standard
 * Annex 29. tools/character-tables generates the tables from Unicode's data files.
 */
#ifndef SGNS_CHARACTERS_H
#define SGNS_CHARACTERS_H

#include <stdbool.h>
#include <stdint.h>

enum character_class {
    CHARACTER_OTHER, /* separates words */
    /* Of words: */
    CHARACTER_LETTER, /* categories L and Nl */
    CHARACTER_HEBREW, /* the same, of the Hebrew script */
    CHARACTER_DIGIT,  /* category Nd */
    CHARACTER_MARK,   /* category M, zero-width joiner, geresh; belongs to the letter before it */
    /* Inside words, between two characters of a word: */
    CHARACTER_APOSTROPHE,
    CHARACTER_JOINER,     /* underscore, zero-width non-joiner */
    CHARACTER_MID_LETTER, /* between letters: Catalan's middle dot, Hebrew's gershayim */
    CHARACTER_MID_NUMBER, /* between digits: the comma, Arabic's separators of decimals, thousands */
    CHARACTER_QUOTE,      /* the ASCII quotation mark, between Hebrew letters */
    /* Outside words: */
    CHARACTER_IGNORED,       /* soft hyphen, marks of direction: as if the text did not have it */
    CHARACTER_STOP,          /* . ! ? end a sentence if white space follows */
    CHARACTER_END,           /* ends a sentence in any case: Sentence_Terminal except . ! ? */
    CHARACTER_CLOSE,         /* closing bracket, quotation mark */
    CHARACTER_SPACE,         /* white space and the zero-width space */
    CHARACTER_LINE_END,      /* line feed, carriage return, next line, line separator */
    CHARACTER_PARAGRAPH_END, /* paragraph separator */
};

struct character {
    uint8_t class; /* enum character_class */
    bool unspaced; /* a letter of a script that writes no spaces between words */
    int32_t lower; /* what to add for its lower-case letter (Unicode's simple mapping) */
};

enum { CHARACTER_BLOCK = 128, CHARACTERS = 0x110000 };

/* The kind of `character` (below CHARACTERS), an index into character_kind, is
 * character_kinds[character_block[character / CHARACTER_BLOCK]][character % CHARACTER_BLOCK]. */
extern const struct character character_kind[];
extern const uint8_t character_block[CHARACTERS / CHARACTER_BLOCK];
extern const uint8_t character_kinds[][CHARACTER_BLOCK];

static inline const struct character *character_of(uint32_t character)
{
    unsigned block = character_block[character / CHARACTER_BLOCK];
    return &character_kind[character_kinds[block][character % CHARACTER_BLOCK]];
}

#endif

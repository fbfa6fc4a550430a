/* SPDX-License-Identifier: MIT */
#include "search/case_folding.h"

#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/memory.h"
#include "base/system.h"

/* Writes a character as UTF-8: its bytes. */
static size_t encode(uint32_t character, char *to)
{
    size_t size = character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
    static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = size; i-- > 1; character >>= 6)
        to[i] = (char)(0x80 | (character & 0x3f));
    to[0] = (char)(lead[size] | character);
    return size;
}

static uint32_t to_upper(const struct case_folding *lc, uint32_t character)
{
    if (character >= 'a' && character <= 'z')
        return character - 'a' + 'A';
    return character < 0x80 || !lc->locale ? character : system_upper_case(character, lc->locale);
}

const char *case_folding_form(struct case_folding *lc, const char *word, size_t *length,
                              struct error *err)
{
    if (lc->matters)
        return word;
    /* A letter of two bytes can become one of three. */
    if (memory_reserve(&lc->scratch, &lc->scratch_capacity, 2 * *length + 1, 1, err) < 0)
        return NULL;
    size_t to = 0;
    for (size_t at = 0; at < *length;) {
        uint32_t character;
        size_t size = utf8_decode(word + at, *length - at, &character);
        if (size > 0)
            to += encode(to_upper(lc, character), lc->scratch + to);
        else
            lc->scratch[to++] = word[at];
        at += size ? size : 1;
    }
    *length = to;
    return lc->scratch;
}

static int add_word(struct case_folding *lc, const struct words *words, uint32_t id,
                    struct error *err)
{
    size_t length = words_length(words, id);
    const char *form = case_folding_form(lc, words_text(words, id), &length, err);
    uint32_t groups = lc->forms.count;
    uint32_t group = form ? word_index_intern(lc->index, form, length, err) : NO_WORD;
    if (group == NO_WORD)
        return -1;
    lc->group[id] = group;
    if (group == groups)
        lc->first[group] = id;
    return 0;
}

int case_folding_init(struct case_folding *lc, const struct words *words, uint32_t count,
                      bool matters, struct error *err)
{
    *lc = (struct case_folding){.matters = matters,
                                .locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0),
                                .first = memory_new(count, sizeof *lc->first, err),
                                .group = memory_new(count, sizeof *lc->group, err)};
    lc->index = word_index_new(&lc->forms, err);
    int result = lc->first && lc->group && lc->index ? 0 : -1;
    for (uint32_t id = 0; result == 0 && id < count; id++)
        result = add_word(lc, words, id, err);
    if (result < 0)
        case_folding_release(lc);
    return result;
}

void case_folding_release(struct case_folding *lc)
{
    if (lc->locale)
        freelocale(lc->locale);
    word_index_free(lc->index);
    words_release(&lc->forms);
    free(lc->first);
    free(lc->group);
    free(lc->scratch);
}

uint32_t case_folding_find(const struct case_folding *lc, const char *form, size_t length)
{
    uint32_t group = word_index_find(lc->index, form, length);
    return group == NO_WORD ? NO_WORD : lc->first[group];
}

/* SPDX-License-Identifier: MIT */
#include "search/case_folding.h"

#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/memory.h"
#include "base/system.h"

/* Writes a character as UTF-8. Returns the number of bytes. */
static size_t encode(uint32_t character, char *to)
{
    size_t size = character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
    static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = size; i-- > 1; character >>= 6)
        to[i] = (char)(0x80 | (character & 0x3f));
    to[0] = (char)(lead[size] | character);
    return size;
}

static uint32_t to_upper(const struct case_folding *folding, uint32_t character)
{
    if (character >= 'a' && character <= 'z')
        return character - 'a' + 'A';
    return character < 0x80 || !folding->locale ? character
                                                : system_upper_case(character, folding->locale);
}

const char *case_folding_form(struct case_folding *folding, const char *word, size_t *length,
                              struct error *err)
{
    if (folding->case_sensitive)
        return word;
    /* A letter of two bytes can become a letter of three. */
    if (memory_reserve(&folding->scratch, &folding->scratch_capacity, 2 * *length + 1, 1, err) < 0)
        return NULL;
    size_t to = 0;
    for (size_t at = 0; at < *length;) {
        uint32_t character;
        size_t size = utf8_decode(word + at, *length - at, &character);
        if (size > 0)
            to += encode(to_upper(folding, character), folding->scratch + to);
        else
            folding->scratch[to++] = word[at];
        at += size ? size : 1;
    }
    *length = to;
    return folding->scratch;
}

static int add_word(struct case_folding *folding, const struct words *words, uint32_t id,
                    struct error *err)
{
    size_t length = words_length(words, id);
    const char *form = case_folding_form(folding, words_text(words, id), &length, err);
    uint32_t groups = folding->forms.count;
    uint32_t group = form ? word_index_intern(folding->index, form, length, err) : NO_WORD;
    if (group == NO_WORD)
        return -1;
    folding->group[id] = group;
    if (group == groups)
        folding->first[group] = id;
    return 0;
}

int case_folding_init(struct case_folding *folding, const struct words *words, uint32_t count,
                      bool case_sensitive, struct error *err)
{
    *folding = (struct case_folding){.case_sensitive = case_sensitive,
                                     .locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0),
                                     .first = memory_new(count, sizeof *folding->first, err),
                                     .group = memory_new(count, sizeof *folding->group, err)};
    folding->index = word_index_new(&folding->forms, err);
    int result = folding->first && folding->group && folding->index ? 0 : -1;
    for (uint32_t id = 0; result == 0 && id < count; id++)
        result = add_word(folding, words, id, err);
    if (result < 0)
        case_folding_release(folding);
    return result;
}

void case_folding_release(struct case_folding *folding)
{
    if (folding->locale)
        freelocale(folding->locale);
    word_index_free(folding->index);
    words_release(&folding->forms);
    free(folding->first);
    free(folding->group);
    free(folding->scratch);
}

uint32_t case_folding_find(const struct case_folding *folding, const char *form, size_t length)
{
    uint32_t group = word_index_find(folding->index, form, length);
    return group == NO_WORD ? NO_WORD : folding->first[group];
}

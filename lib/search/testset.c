/* SPDX-License-Identifier: MIT */
#include "search/testset.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/input.h"
#include "base/memory.h"

enum { FIELDS_MAX = 5 /* one more than any line may have */ };

struct field {
    const char *text;
    size_t length;
};

/* The state while a test set is read. */
struct testset_reader {
    struct testset *set;
    struct case_folding *words;
    struct word_index *unknown; /* of set->unknown_forms */
    struct input input;
    bool kind_known;
};

void testset_release(struct testset *set)
{
    free(set->item);
    for (size_t i = 0; i < set->sections; i++)
        free(set->section[i]);
    free(set->section);
    words_release(&set->unknown);
    words_release(&set->unknown_forms);
}

static int words_of(enum testset_kind kind)
{
    return kind == TESTSET_PAIRS ? 2 : 4;
}

bool testset_known(const struct testset *set, const struct test_item *item)
{
    for (int i = 0; i < words_of(set->kind); i++)
        if (item->word[i] == NO_WORD)
            return false;
    return true;
}

/* ---- fields ---- */

static struct field trimmed(const char *from, const char *end)
{
    while (from < end && *from == ' ')
        from++;
    while (from < end && end[-1] == ' ')
        end--;
    return (struct field){from, (size_t)(end - from)};
}

/* Splits a line into fields. Returns their number, at most FIELDS_MAX. */
static int split(const char *line, size_t length, struct field *field)
{
    const char *end = line + length;
    bool tabs = memchr(line, '\t', length) != NULL;
    int n = 0;
    while (line < end && n < FIELDS_MAX) {
        const char *stop = memchr(line, tabs ? '\t' : ' ', (size_t)(end - line));
        if (!stop)
            stop = end;
        if (tabs || stop > line)
            field[n++] = trimmed(line, stop);
        line = stop + (stop < end);
    }
    return n;
}

static bool parse_rating(struct field field, double *rating)
{
    char text[64], *end;
    if (field.length == 0 || field.length >= sizeof text)
        return false;
    memcpy(text, field.text, field.length);
    text[field.length] = 0;
    *rating = strtod(text, &end);
    return end == text + field.length && isfinite(*rating);
}

static int fault(const struct testset_reader *r, struct error *err, const char *what)
{
    return input_line_fault(&r->input, err, "%s", what);
}

/* ---- lines ---- */

static int add_section(struct testset *set, const char *name, size_t length, struct error *err)
{
    char *copy = memory_new(length + 1, 1, err);
    if (!copy || memory_reserve(&set->section, &set->section_capacity, set->sections + 1,
                                sizeof *set->section, err) < 0) {
        free(copy);
        return -1;
    }
    memcpy(copy, name, length);
    set->section[set->sections++] = copy;
    return 0;
}

/* Finds the id of a word. An unknown word gets NO_WORD and is added to the set's unknown words. */
static int find_word(struct testset_reader *r, struct field word, uint32_t *id, struct error *err)
{
    size_t length = word.length;
    const char *form = case_folding_form(r->words, word.text, &length, err);
    if (!form)
        return -1;
    *id = case_folding_find(r->words, form, length);
    uint32_t unknown = r->set->unknown_forms.count;
    if (*id != NO_WORD)
        return 0;
    uint32_t form_id = word_index_intern(r->unknown, form, length, err);
    if (form_id == NO_WORD)
        return -1;
    return form_id < unknown ? 0 : words_append(&r->set->unknown, word.text, word.length, err);
}

static int add_item(struct testset_reader *r, const struct field *field, double rating,
                    struct error *err)
{
    struct testset *set = r->set;
    struct test_item item = {.section = (uint32_t)set->sections - 1, .rating = rating};
    for (int i = 0; i < words_of(set->kind); i++) {
        if (field[i].length == 0 || field[i].length > WORD_MAX)
            return fault(r, err, "a word is empty or too long");
        if (find_word(r, field[i], &item.word[i], err) < 0)
            return -1;
    }
    if (memory_reserve(&set->item, &set->item_capacity, set->items + 1, sizeof *set->item, err) < 0)
        return -1;
    set->item[set->items++] = item;
    return 0;
}

static int read_line(struct testset_reader *r, const char *line, size_t length, struct error *err)
{
    struct field field[FIELDS_MAX], whole = trimmed(line, line + length);
    if (whole.length == 0 || line[0] == '#')
        return 0;
    bool section = line[0] == ':' && (length == 1 || line[1] == ' ' || line[1] == '\t');
    int n = split(line, length, field);
    double rating = 0;
    bool rated = n == 3 && parse_rating(field[2], &rating);
    bool heading = !r->kind_known && !section && n == 3 && !rated;
    if (!r->kind_known)
        r->set->kind = section || n == 4 ? TESTSET_ANALOGIES : TESTSET_PAIRS;
    if (!r->kind_known && !section && n != 3 && n != 4)
        return fault(r, err, "expected two words and a rating, or the four words of an analogy");
    r->kind_known = true;
    if (heading)
        return 0;
    if (r->set->kind == TESTSET_PAIRS)
        return rated ? add_item(r, field, rating, err)
                     : fault(r, err, "expected two words and a rating");
    if (section) {
        struct field name = trimmed(line + 1, line + length);
        return add_section(r->set, name.text, name.length, err);
    }
    return n == 4 ? add_item(r, field, 0, err)
                  : fault(r, err, "expected the four words of an analogy, or ': section'");
}

int testset_read(struct testset *set, int fd, const char *name, struct case_folding *words,
                 struct error *err)
{
    struct testset_reader r = {.set = set,
                               .words = words,
                               .unknown = word_index_new(&set->unknown_forms, err),
                               .input = input_from(fd, name)};
    const char *line;
    size_t length;
    int result = r.unknown ? add_section(set, "", 0, err) : -1;
    while (result == 0 && (result = input_text_line(&r.input, &line, &length, err)) > 0) {
        result = read_line(&r, line, length, err);
        if (result < 0)
            break;
    }
    if (result == 0 && set->items == 0)
        result = error_set(err, STATUS_INPUT, "%s: no word pairs or analogies", name);
    input_release(&r.input);
    word_index_free(r.unknown);
    return result;
}

/* SPDX-License-Identifier: MIT */
#include "search/testset.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/input.h"
#include "base/memory.h"
#include "stream/recognise.h"

enum { FIELDS_MAX = 64 /* of which a heading selects three */ };

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
    char separator; /* of fields, in a CSV file; 0: tabs or spaces */
    bool kind_known;
    bool has_sections;
    int columns, rating; /* of pairs: the number of fields of each line; the field of the rating */
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

/* Removes the quotes around a field of a CSV file. */
static struct field unquoted(struct field f)
{
    if (f.length >= 2 && f.text[0] == '"' && f.text[f.length - 1] == '"')
        return (struct field){f.text + 1, f.length - 2};
    return f;
}

/* Splits a line into fields, at each separator or, if that is a space, at any number of them.
 * Returns the number of fields, at most FIELDS_MAX. */
static int split_at(const char *line, size_t length, char separator, struct field *field)
{
    const char *end = line + length;
    int n = 0;
    while (line < end && n < FIELDS_MAX) {
        const char *stop = memchr(line, separator, (size_t)(end - line));
        if (!stop)
            stop = end;
        if (separator != ' ' || stop > line)
            field[n++] = trimmed(line, stop);
        line = stop + (stop < end);
    }
    return n;
}

static char tab_or_space(const char *line, size_t length)
{
    return memchr(line, '\t', length) ? '\t' : ' ';
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

static bool is_number(struct field field)
{
    double ignored;
    return parse_rating(field, &ignored);
}

/* Whether a field has digits, a comma and digits: no name of a column, but no number either. */
static bool has_decimal_comma(struct field field)
{
    const char *end = field.text + field.length;
    const char *comma = memchr(field.text, ',', field.length);
    return comma && is_number((struct field){field.text, (size_t)(comma - field.text)}) &&
           is_number((struct field){comma + 1, (size_t)(end - comma - 1)});
}

/* Whether there is a number after two fields. */
static bool has_number(const struct field *field, int n)
{
    for (int i = 2; i < n; i++)
        if (is_number(field[i]))
            return true;
    return false;
}

/* Whether four fields can be the words of an analogy a : b = c : d. Words there may be numbers, but
 * then those in the same place are, too. */
static bool is_analogy(const struct field *field, int n)
{
    return n == 4 && is_number(field[0]) == is_number(field[2]) &&
           is_number(field[1]) == is_number(field[3]);
}

/* ---- headings ---- */

static bool equals(struct field field, const char *name)
{
    return field.length == strlen(name) && strncasecmp(field.text, name, field.length) == 0;
}

/* The field of the rating according to the heading of a file with more columns: those of SimLex-999
 * and WordSim-353, and plain names. −1 if that is not certain. */
static int find_rating(const struct field *heading, int n)
{
    static const char *const name[] = {"SimLex999", "Human (mean)", "rating",
                                       "score",     "similarity",   "relatedness"};
    int found = -1;
    if (n < 3 || heading[0].length < 4 || strncasecmp(heading[0].text, "word", 4) != 0)
        return -1;
    for (int i = 2; i < n; i++)
        for (size_t j = 0; j < sizeof name / sizeof *name; j++) {
            if (!equals(heading[i], name[j]))
                continue;
            if (found >= 0)
                return -1;
            found = i;
        }
    return found;
}

/* ---- separators ---- */

static bool ends_in(struct field field, char separator)
{
    return field.length > 1 && field.text[field.length - 1] == separator;
}

/* Whether the first line of a file is that of a CSV file: a heading, two words and a number, or four
 * words. A comma can also be part of a word, in a line that is valid without being split there. */
static bool is_csv(const char *line, size_t length, char separator)
{
    struct field field[FIELDS_MAX];
    if (memchr(line, '\t', length))
        return false;
    int n = split_at(line, length, ' ', field);
    if (n == 3 && is_number(field[2]) &&
        !(ends_in(field[0], separator) && ends_in(field[1], separator)))
        return false;
    n = split_at(line, length, separator, field);
    return n == 3 || (n > 3 && (has_number(field, n) || find_rating(field, n) > 0)) ||
           (n == 4 && !memchr(line, ' ', length));
}

static char csv_separator(const char *line, size_t length)
{
    return is_csv(line, length, ',') ? ',' : is_csv(line, length, ';') ? ';' : 0;
}

static int split(const struct testset_reader *r, const char *line, size_t length,
                 struct field *field)
{
    int n = split_at(line, length, r->separator ? r->separator : tab_or_space(line, length), field);
    for (int i = 0; r->separator && i < n; i++)
        field[i] = unquoted(field[i]);
    return n;
}

/* ---- faults ---- */

/* The first field from `from` on that is a number, or is none. */
static int next_field(const struct field *field, int n, int from, bool number)
{
    while (from < n && is_number(field[from]) != number)
        from++;
    return from;
}

/* Reports a line whose fields are not the expected ones, and how to select them. */
static int fault(const struct testset_reader *r, const struct field *field, int n,
                 const char *expected, struct error *err)
{
    int first = next_field(field, n, 0, false), second = next_field(field, n, first + 1, false);
    int rating = next_field(field, n, second + 1, true);
    if (n <= 3 || rating >= n)
        return input_line_fault(&r->input, err, "expected %s", expected);
    char separator = r->separator ? r->separator : field[0].text[field[0].length];
    char option[] = "-d '?' ";
    option[4] = separator;
    return input_line_fault(
        &r->input, err, "expected %s; select two words and a rating with cut %s-f %d,%d,%d",
        expected, separator == '\t' ? "" : option, first + 1, second + 1, rating + 1);
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
            return input_line_fault(&r->input, err, "a word is empty or too long");
        if (find_word(r, field[i], &item.word[i], err) < 0)
            return -1;
    }
    if (memory_reserve(&set->item, &set->item_capacity, set->items + 1, sizeof *set->item, err) < 0)
        return -1;
    set->item[set->items++] = item;
    return 0;
}

/* Decides by the first line between pairs and analogies. Returns 1 if it is a heading, 0 if not, or
 * -1. */
static int decide_kind(struct testset_reader *r, const struct field *field, int n,
                       struct error *err)
{
    r->kind_known = true;
    r->set->kind = TESTSET_PAIRS;
    r->columns = n;
    r->rating = find_rating(field, n);
    if (r->rating > 0)
        return 1;
    r->rating = 2;
    if (n == 3)
        return !is_number(field[2]) && !has_decimal_comma(field[2]);
    r->set->kind = TESTSET_ANALOGIES;
    return is_analogy(field, n)
               ? 0
               : fault(r, field, n, "two words and a rating, or the four words of an analogy", err);
}

static int read_pair(struct testset_reader *r, const struct field *field, int n, struct error *err)
{
    double rating;
    if (n == r->columns && has_decimal_comma(field[r->rating]))
        return input_line_fault(&r->input, err,
                                "a rating with a decimal comma; replace it with tr , .");
    if (n != r->columns || !parse_rating(field[r->rating], &rating))
        return fault(r, field, n, "two words and a rating", err);
    return add_item(r, field, rating, err);
}

static int read_analogy(struct testset_reader *r, const struct field *field, int n,
                        struct error *err)
{
    if (n != 4 || (!r->has_sections && !is_analogy(field, n)))
        return fault(r, field, n, "the four words of an analogy, or ': section'", err);
    return add_item(r, field, 0, err);
}

static int read_section(struct testset_reader *r, const char *line, size_t length,
                        struct error *err)
{
    struct field name = trimmed(line + 1, line + length);
    if (r->kind_known && r->set->kind == TESTSET_PAIRS)
        return input_line_fault(&r->input, err, "expected two words and a rating");
    r->set->kind = TESTSET_ANALOGIES;
    r->kind_known = r->has_sections = true;
    return add_section(r->set, name.text, name.length, err);
}

static int read_line(struct testset_reader *r, const char *line, size_t length, struct error *err)
{
    struct field field[FIELDS_MAX];
    if (trimmed(line, line + length).length == 0 || line[0] == '#')
        return 0;
    if (line[0] == ':' && (length == 1 || line[1] == ' ' || line[1] == '\t'))
        return read_section(r, line, length, err);
    if (!r->kind_known)
        r->separator = csv_separator(line, length);
    int n = split(r, line, length, field);
    int heading = r->kind_known ? 0 : decide_kind(r, field, n, err);
    if (heading != 0)
        return heading < 0 ? -1 : 0;
    return r->set->kind == TESTSET_PAIRS ? read_pair(r, field, n, err)
                                         : read_analogy(r, field, n, err);
}

/* Refuses compressed data, UTF-16, HTML and the like. */
static int check_content(struct testset_reader *r, struct error *err)
{
    if (input_fill(&r->input, CONTENT_PROBE, err) < 0)
        return -1;
    const struct content *content =
        stream_content(input_next(&r->input), input_available(&r->input));
    return content ? content_refuse(content, r->input.name, "word pairs or analogies", err) : 0;
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
    if (result == 0)
        result = check_content(&r, err);
    while (result == 0 && (result = input_text_line(&r.input, &line, &length, err)) > 0) {
        result = read_line(&r, line, length, err);
        if (result < 0)
            break;
    }
    if (result == 0 && set->items == 0)
        result = error_set(err, STATUS_INPUT, "%s: no word pairs or analogies%s", name,
                           r.input.line ? "" : ": empty");
    input_release(&r.input);
    word_index_free(r.unknown);
    return result;
}

/* SPDX-License-Identifier: MIT */
#include "text/vocab_file.h"

#include <string.h>

#include "base/memory.h"
#include "stream/recognise.h"

static const char sentence_mark[] = "</s>"; /* word2vec's */

struct field {
    const char *text;
    size_t length;
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

/* Splits a line at white space into at most two fields. Returns their number, 3 if there are
 * more. */
static int split(const char *line, size_t length, struct field field[2])
{
    const char *end = line + length;
    int n = 0;
    for (;; n++) {
        while (line < end && is_space(*line))
            line++;
        if (line == end || n == 2)
            return n + (line < end);
        const char *start = line;
        while (line < end && !is_space(*line))
            line++;
        field[n] = (struct field){start, (size_t)(line - start)};
    }
}

/* A number of digits alone that fits in 64 bits. */
static bool parse_count(struct field field, uint64_t *count)
{
    *count = 0;
    for (size_t i = 0; i < field.length; i++) {
        unsigned digit = (unsigned)field.text[i] - '0';
        if (digit > 9 || *count > (UINT64_MAX - digit) / 10)
            return false;
        *count = 10 * *count + digit;
    }
    return field.length > 0;
}

static bool equals(struct field field, const char *word)
{
    return field.length == strlen(word) && memcmp(field.text, word, field.length) == 0;
}

/* The state while a file is read. */
struct vocab_file_reader {
    struct vocab_file *file;
    struct word_index *index;
    struct input *input;
    uint64_t tokens;    /* the sum of the counts */
    bool started;       /* the first line was read */
    uint64_t first;     /* the number in the first line ... */
    uint64_t lines;     /* ... the lines with a number ... */
    uint64_t ascending; /* ... and those whose number is the one before it plus 1 */
};

enum { IDS_MIN = 3 }; /* fewer words than this may have counts 1, 2 */

/* Whether the numbers are 0, 1, 2, ... or 1, 2, 3, ...: ids of words, as tokenizers write them. No
 * counts are, since files of counts begin with the most frequent words. */
static bool has_ids(const struct vocab_file_reader *r)
{
    return r->lines >= IDS_MIN && r->first <= 1 && r->ascending == r->lines;
}

/* Reports a line that is neither a word nor a word and its count, in the files of `uniq -c` and of
 * spreadsheets with the next step. */
static int fault(const struct vocab_file_reader *r, const struct field field[2], int n,
                 struct error *err)
{
    uint64_t count;
    const char *advice = "";
    if (n == 2 && parse_count(field[0], &count) && !r->started)
        advice = "; if the count comes first, use awk '{ print $2, $1 }'";
    else if (n == 2 && !r->started)
        advice = "; if this is a heading, remove it with tail -n +2";
    else if (n == 1 && memchr(field[0].text, ',', field[0].length))
        advice = "; separate them with tr , '\\t'";
    return input_line_fault(r->input, err, "expected %s%s",
                            !r->started        ? "a word, or a word and its count"
                            : r->file->counted ? "a word and its count"
                                               : "one word",
                            advice);
}

/* Whether the line is "word,count": as a word it would be found in no text. */
static bool is_csv(struct field field)
{
    uint64_t count;
    for (size_t i = field.length; i > 1; i--)
        if (field.text[i - 1] == ',' || field.text[i - 1] == ';')
            return parse_count((struct field){field.text + i, field.length - i}, &count);
    return false;
}

static int add_word(struct vocab_file_reader *r, struct field word, uint64_t count,
                    struct error *err)
{
    struct vocab *vocab = &r->file->vocab;
    uint32_t new_id = vocab->words.count;
    if (!word_is_valid(word.text, word.length))
        return input_line_fault(r->input, err, "a word is longer than %d bytes or has a zero byte",
                                WORD_MAX);
    if (r->tokens > UINT64_MAX - count)
        return input_line_fault(r->input, err, "the sum of the counts exceeds 2^64 - 1");
    r->tokens += count;
    if (equals(word, UNKNOWN_WORD) && vocab->count[UNKNOWN_ID] == 0) {
        vocab->count[UNKNOWN_ID] = count;
        return 0;
    }
    uint32_t id = word_index_intern(r->index, word.text, word.length, err);
    if (id == NO_WORD)
        return -1;
    if (id != new_id)
        return input_line_fault(r->input, err, "the same word as in an earlier line");
    if (memory_reserve(&vocab->count, &vocab->count_capacity, vocab->words.count,
                       sizeof *vocab->count, err) < 0)
        return -1;
    vocab->count[id] = count;
    return 0;
}

static int read_line(struct vocab_file_reader *r, const char *line, size_t length,
                     struct error *err)
{
    struct field field[2];
    uint64_t count = 0;
    int n = split(line, length, field);
    if (n == 0)
        return 0;
    if (!r->started && n == 1 && is_csv(field[0]))
        return fault(r, field, n, err);
    if (!r->started)
        r->file->counted = n == 2;
    if (n != (r->file->counted ? 2 : 1) || (n == 2 && !parse_count(field[1], &count)))
        return fault(r, field, n, err);
    if (r->file->counted) {
        if (!r->started)
            r->first = count;
        r->ascending += count == r->first + r->lines;
        r->lines++;
    }
    bool mark = !r->started && n == 2 && equals(field[0], sentence_mark);
    r->started = true;
    return mark ? 0 : add_word(r, field[0], count, err);
}

static int read_lines(struct vocab_file_reader *r, struct error *err)
{
    const char *line;
    size_t length;
    int got = vocab_append(&r->file->vocab, UNKNOWN_WORD, strlen(UNKNOWN_WORD), 0, err);
    if (got < 0 || !(r->index = word_index_new(&r->file->vocab.words, err)))
        return -1;
    while ((got = input_text_line(r->input, &line, &length, err)) > 0)
        if (read_line(r, line, length, err) < 0)
            return -1;
    return got;
}

int vocab_file_read(struct vocab_file *file, struct input *input, struct error *err)
{
    struct vocab_file_reader r = {.file = file, .input = input};
    if (input_fill(input, CONTENT_PROBE, err) < 0)
        return -1;
    const struct content *content = stream_content(input_next(input), input_available(input));
    if (content)
        return content_refuse(content, input->name, "a vocabulary", err);
    int result = read_lines(&r, err);
    word_index_free(r.index);
    if (result == 0 && has_ids(&r))
        return error_set(err, STATUS_INPUT,
                         "%s: line 1: numbers in ascending order without gaps are ids, not "
                         "counts; select the words with awk '{ print $1 }'",
                         input->name);
    if (result == 0 && file->vocab.words.count == 1)
        return error_set(err, STATUS_INPUT, "%s: no words%s", input->name,
                         input->line ? "" : ": empty");
    return result;
}

int vocab_file_keep(struct vocab *list, struct vocab *counted, struct vocab_kept *kept,
                    struct error *err)
{
    bool has_unknown = words_find(&list->words, UNKNOWN_WORD, strlen(UNKNOWN_WORD)) != NO_WORD;
    struct word_index *index = word_index_new(&list->words, err);
    if (!index)
        return -1;
    *kept = (struct vocab_kept){.listed = list->words.count - has_unknown};
    kept->missing = kept->listed;
    for (uint32_t id = UNKNOWN_ID + 1; id < counted->words.count; id++) {
        const char *word = words_text(&counted->words, id);
        if (word_index_find(index, word, words_length(&counted->words, id)) != NO_WORD) {
            kept->missing--;
        } else {
            kept->unknown += counted->count[id];
            counted->count[id] = 0;
        }
    }
    word_index_free(index);
    return 0;
}

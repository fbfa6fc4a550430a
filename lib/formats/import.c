/* SPDX-License-Identifier: MIT */
#include "formats/import.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "formats/base64.h"

enum { PENDING_MAX = 1 << 18 /* about how many numbers are pending before they are spilled */ };

static const char encoded[] = "B64:";

void import_release(struct import *to)
{
    if (to->spooled)
        spool_close(&to->spool);
    word_index_free(to->index);
    vocab_release(&to->vocab);
    free(to->pending);
    free(to->word.data);
    free(to->decoded.data);
    *to = (struct import){0};
}

int import_start(struct import *to, uint32_t dim, struct error *err)
{
    to->dim = dim;
    to->index = word_index_new(&to->vocab.words, err);
    return to->index ? 0 : -1;
}

bool import_finite(const float *value, size_t n)
{
    float sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += value[i] * 0.0f; /* 0, or not a number */
    return sum == 0;
}

/* Moves the pending rows to the spool. */
static int flush(struct import *to, struct error *err)
{
    size_t n = (size_t)to->pending_rows * to->dim;
    if (!to->spooled && spool_open(&to->spool, err) < 0)
        return -1;
    to->spooled = true;
    to->pending_rows = 0;
    if (to->progress)
        to->progress();
    return spool_append(&to->spool, to->pending, n * sizeof *to->pending, err);
}

void import_count(struct import_tally *tally, uint64_t position)
{
    if (tally->count++ == 0)
        tally->first = position;
}

/* ---- words ---- */

bool import_is_encoded(const char *word, size_t length)
{
    size_t prefix = sizeof encoded - 1;
    return length >= prefix && memcmp(word, encoded, prefix) == 0;
}

/* Decodes a word of deeplearning4j; if it is not one, it stays as it is. */
static int decode_word(struct import *to, const char **word, size_t *length, uint64_t position,
                       struct error *err)
{
    size_t prefix = sizeof encoded - 1;
    bool valid = import_is_encoded(*word, *length);
    if (valid && base64_decode(*word + prefix, *length - prefix, &to->decoded, &valid, err) < 0)
        return -1;
    import_count(valid ? &to->encoded : &to->plain, position);
    to->decodes = to->decodes || (valid && to->rows_read == 1);
    if (valid && to->decodes) {
        *word = (const char *)to->decoded.data;
        *length = to->decoded.size;
    }
    return 0;
}

/* Drops spaces around a word, and replaces those in it by underscores. */
static int join_word(struct import *to, const char **word, size_t *length, uint64_t position,
                     struct error *err)
{
    while (*length > 0 && **word == ' ') {
        ++*word;
        --*length;
    }
    while (*length > 0 && (*word)[*length - 1] == ' ')
        --*length;
    if (*length == 0 || !memchr(*word, ' ', *length))
        return 0;
    to->word.size = 0;
    if (bytes_put(&to->word, *word, *length, err) < 0)
        return -1;
    for (size_t i = 0; i < *length; i++)
        if (to->word.data[i] == ' ')
            to->word.data[i] = '_';
    *word = (const char *)to->word.data;
    import_count(&to->joined, position);
    return 0;
}

int import_row(struct import *to, const char *word, size_t length, const float *row,
               uint64_t position, struct error *err)
{
    uint32_t next_id = to->vocab.words.count;
    to->rows_read++;
    if (decode_word(to, &word, &length, position, err) < 0 ||
        join_word(to, &word, &length, position, err) < 0)
        return -1;
    to->last_is_unknown = length == strlen(UNKNOWN_WORD) && memcmp(word, UNKNOWN_WORD, length) == 0;
    if (!row || !word_is_valid(word, length)) {
        import_count(row ? &to->invalid : &to->nonfinite, position);
        return 0;
    }
    uint32_t id = word_index_intern(to->index, word, length, err);
    if (id == NO_WORD)
        return -1;
    if (id != next_id) {
        import_count(&to->duplicates, position);
        return 0;
    }
    size_t n = (size_t)to->pending_rows++ * to->dim;
    if (memory_reserve(&to->pending, &to->pending_capacity, n + to->dim, sizeof *row, err) < 0)
        return -1;
    memcpy(to->pending + n, row, to->dim * sizeof *row);
    return n + to->dim >= PENDING_MAX && !to->in_memory ? flush(to, err) : 0;
}

/* ---- the end ---- */

static const char why_invalid[] = "word empty, too long, or containing white space or a zero byte";
static const char why_nonfinite[] = "not finite in single precision";

static const char *unit(const struct input *in)
{
    return in->line ? "line" : "row";
}

int import_finish(struct import *to, const struct input *words, struct error *err)
{
    struct vocab *vocab = &to->vocab;
    if (to->rows_read == 0)
        return error_set(err, STATUS_INPUT, "%s: no vectors", words->name);
    if (vocab->words.count == 0) {
        bool bad = to->invalid.count > 0;
        return error_set(err, STATUS_INPUT,
                         "%s: %s %llu: no row can be used, this is the first: %s", words->name,
                         unit(words),
                         (unsigned long long)(bad ? to->invalid.first : to->nonfinite.first),
                         bad ? why_invalid : why_nonfinite);
    }
    word_index_free(to->index); /* a third of the memory, freed before the counts need some */
    to->index = NULL;
    vocab->count = memory_new(vocab->words.count, sizeof *vocab->count, err);
    vocab->count_capacity = vocab->words.count;
    if (!vocab->count)
        return -1;
    return to->spooled ? flush(to, err) : 0; /* a few rows stay in memory */
}

int import_read(const struct import *from, uint32_t first, uint32_t count, float *rows,
                struct error *err)
{
    size_t row = from->dim * sizeof *rows;
    if (!from->spooled) {
        memcpy(rows, from->pending + (size_t)first * from->dim, count * row);
        return 0;
    }
    return spool_read(&from->spool, rows, count * row, first * (uint64_t)row, err);
}

int import_check_count(const struct import *to, const struct input *in, struct error *err)
{
    bool one_more_for_unknown = to->rows_read == to->declared + 1 && to->last_is_unknown;
    if (to->rows_read == to->declared || one_more_for_unknown || to->ignore_count)
        return 0;
    return error_set(err, STATUS_INPUT,
                     "%s: line 1: declares %llu word%s, but the number of rows is %llu; use "
                     "--ignore-count to read all rows",
                     in->name, (unsigned long long)to->declared, plural(to->declared),
                     (unsigned long long)to->rows_read);
}

/* ---- notes ---- */

struct notes {
    const struct input *in;
    void (*note)(const char *format, ...);
};

static void note_rows(const struct notes *n, const struct import_tally *rows, const char *what,
                      const char *why)
{
    if (rows->count > 0)
        n->note("%s: %llu %s%s, first at %s %llu: %s", n->in->name, (unsigned long long)rows->count,
                rows->count == 1 ? "row" : "rows", what, unit(n->in),
                (unsigned long long)rows->first, why);
}

void import_note(const struct import *import, const struct input *in,
                 void (*note)(const char *format, ...))
{
    struct notes n = {in, note};
    note_rows(&n, &import->duplicates, " skipped", "duplicate word");
    note_rows(&n, &import->invalid, " skipped", why_invalid);
    note_rows(&n, &import->nonfinite, " skipped", why_nonfinite);
    note_rows(&n, &import->joined, "", "spaces in the word replaced by '_'");
    note_rows(&n, &import->no_text, "", "the word is not UTF-8");
    if (import->decodes) {
        note_rows(&n, &import->encoded, "", "word decoded from base64, as in deeplearning4j");
        note_rows(&n, &import->plain, "", "word without 'B64:', kept as it is");
    } else {
        note_rows(&n, &import->encoded, "",
                  "word that begins with 'B64:', kept as it is, since the first word does not");
    }
    if (import->unterminated)
        note("%s: no newline at the end; if the file was truncated, its last number may be wrong",
             in->name);
    if (import->declared > 0 && import->declared != import->rows_read)
        note("%s: declares %llu word%s, contains %llu", in->name,
             (unsigned long long)import->declared, plural(import->declared),
             (unsigned long long)import->rows_read);
    if (import->rounded)
        note("%s: numbers of double precision rounded to single precision", in->name);
}

/* SPDX-License-Identifier: MIT */
#include "formats/columns.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "base/decimal.h"
#include "formats/import.h"

enum { SHOWN_MAX = 40 /* bytes of a column in a message */ };

size_t columns_trim(const char *line, size_t length)
{
    while (length > 0 &&
           (line[length - 1] == ' ' || line[length - 1] == '\r' || line[length - 1] == '\t'))
        length--;
    return length;
}

const char *columns_last(const char *line, const char *end, char separator)
{
    while (end > line && end[-1] != separator)
        end--;
    return end;
}

/* Whether a column is NaN or infinity: nan, -NaN, inf, +Infinity, ... */
static bool is_special(const char *column, const char *end)
{
    static const char *const names[] = {"nan", "inf", "infinity"};
    column += column < end && (*column == '-' || *column == '+');
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == (size_t)(end - column) &&
            strncasecmp(column, names[i], (size_t)(end - column)) == 0)
            return true;
    return false;
}

bool columns_is_number(const char *column, const char *end)
{
    float number;
    return column < end && (decimal_read(column, &number) == end || is_special(column, end));
}

bool columns_are_integers(const char *column, const char *end, char separator)
{
    bool digit = false;
    for (const char *p = column; p < end; p++) {
        if (*p == separator && !digit)
            return false;
        digit = *p >= '0' && *p <= '9';
        if (!digit && *p != separator)
            return false;
    }
    return digit;
}

uint32_t columns_count_numbers(const char *line, const char *end, char separator)
{
    uint32_t n = 0;
    for (; n <= DIM_MAX; n++) {
        const char *column = columns_last(line, end, separator);
        if (column == line || !columns_is_number(column, end))
            break;
        end = column - 1;
    }
    return n;
}

const char *columns_start(const char *line, const char *end, char separator, uint32_t n)
{
    for (;; n--) {
        const char *column = columns_last(line, end, separator);
        if (column == line || n == 1)
            return column == line ? NULL : column;
        end = column - 1;
    }
}

bool columns_read(const char *column, const char *end, char separator, float *number, uint32_t n)
{
    const char *p = column;
    for (uint32_t i = 0; i < n; i++) {
        if (i > 0 && *p++ != separator)
            return false;
        if (p >= end || !(p = decimal_read(p, &number[i])) || !isfinite(number[i]))
            return false;
    }
    return p == end;
}

bool columns_are_nonfinite(const char *column, const char *end, char separator, uint32_t n)
{
    uint32_t found = 0, bad = 0;
    for (const char *p = column;; p++, found++) {
        float number = 0;
        const char *next = memchr(p, separator, (size_t)(end - p));
        next = next ? next : end;
        if (!columns_is_number(p, next))
            return false;
        bad += is_special(p, next) || (decimal_read(p, &number) && !isfinite(number));
        if ((p = next) == end)
            return found + 1 == n && bad > 0;
    }
}

/* The number of digits after the point at the end of a number without exponent; 0: none. */
static size_t decimal_places(const char *column, const char *end)
{
    size_t n = 0;
    while (end - n > column && end[-1 - (ptrdiff_t)n] >= '0' && end[-1 - (ptrdiff_t)n] <= '9')
        n++;
    return end - n > column && end[-1 - (ptrdiff_t)n] == '.' ? n : 0;
}

void columns_add_end(struct columns_ends *ends, const char *line, const char *end)
{
    size_t places = decimal_places(line, end);
    if (ends->rows++ == 0)
        *ends = (struct columns_ends){.rows = 1, .places = places, .same = true};
    ends->same = ends->same && places == ends->places;
}

bool columns_is_cut(const struct columns_ends *ends, const char *column, const char *end,
                    char separator)
{
    enum { ENOUGH = 4 };
    const char *last = columns_last(column, end, separator), *p = column;
    uint64_t others = ends->rows;
    for (const char *next; p < last; p = next + 1, others++) {
        next = memchr(p, separator, (size_t)(end - p));
        if (decimal_places(p, next) != ends->places)
            return false;
    }
    return ends->same && others >= ENOUGH && decimal_places(last, end) < ends->places;
}

static int fault_of_column(const struct input *in, const char *column, const char *end,
                           struct error *err)
{
    int shown = end - column < SHOWN_MAX ? (int)(end - column) : SHOWN_MAX;
    float number = 0;
    if (is_special(column, end))
        return input_line_fault(in, err, "'%.*s' is not a finite number; " IMPORT_SKIP_NONFINITE,
                                shown, column);
    if (column == end || decimal_read(column, &number) != end)
        return input_line_fault(in, err, "'%.*s' is not a finite number", shown, column);
    if (!isfinite(number))
        return input_line_fault(
            in, err, "'%.*s' is outside the range of single precision; " IMPORT_SKIP_NONFINITE,
            shown, column);
    return 0;
}

int columns_fault(const struct input *in, const char *line, const char *end, char separator,
                  bool has_word, uint32_t n, struct error *err)
{
    uint32_t found = 0;
    for (const char *column; found < n; found++, end = column - 1) {
        column = columns_last(line, end, separator);
        if (has_word && column == line)
            break;
        if (fault_of_column(in, column, end, err) < 0)
            return -1;
        if (column == line) {
            found++;
            break;
        }
    }
    if (found == n)
        return input_line_fault(in, err, "more than %lu number%s", (unsigned long)n, plural(n));
    return input_line_fault(in, err, "%lu number%s, expected %lu", (unsigned long)found,
                            plural(found), (unsigned long)n);
}

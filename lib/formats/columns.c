/* SPDX-License-Identifier: MIT */
#include "formats/columns.h"

#include <math.h>
#include <string.h>

#include "base/decimal.h"
#include "stream/vectors.h"

enum { SHOWN_MAX = 40 /* bytes of a column in a message */ };

size_t columns_trim(const char *line, size_t length)
{
    while (length > 0 && (line[length - 1] == ' ' || line[length - 1] == '\r'))
        length--;
    return length;
}

const char *columns_last(const char *line, const char *end, char separator)
{
    while (end > line && end[-1] != separator)
        end--;
    return end;
}

bool columns_is_number(const char *column, const char *end)
{
    float number;
    return column < end && decimal_read(column, &number) == end;
}

uint32_t columns_count_numbers(const char *line, size_t length, char separator)
{
    const char *end = line + columns_trim(line, length);
    uint32_t n = 0;
    for (; n <= DIM_MAX; n++) {
        const char *column = columns_last(line, end, separator);
        if (column == line || !columns_is_number(column, end))
            break;
        end = column - 1;
    }
    return n;
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

int columns_fault(const struct input *in, const char *line, const char *end, char separator,
                  bool has_word, uint32_t n, struct error *err)
{
    uint32_t found = 0;
    for (const char *column; found < n; found++, end = column - 1) {
        float number = 0;
        column = columns_last(line, end, separator);
        if (has_word && column == line)
            break;
        int shown = end - column < SHOWN_MAX ? (int)(end - column) : SHOWN_MAX;
        if (column == end || decimal_read(column, &number) != end)
            return input_line_fault(in, err, "'%.*s' is not a finite number", shown, column);
        if (!isfinite(number))
            return input_line_fault(in, err, "'%.*s' is outside the range of single precision",
                                    shown, column);
        if (column == line) {
            found++;
            break;
        }
    }
    if (found == n)
        return input_line_fault(in, err, "more than %lu number%s", (unsigned long)n,
                                n == 1 ? "" : "s");
    return input_line_fault(in, err, "%lu number%s, expected %lu", (unsigned long)found,
                            found == 1 ? "" : "s", (unsigned long)n);
}

/* SPDX-License-Identifier: MIT */
#include "formats/export.h"

#include <stdlib.h>

#include "base/decimal.h"
#include "base/memory.h"

void export_release(struct export *to)
{
    free(to->line);
    *to = (struct export){0};
}

int export_put(struct output *output, const void *data, size_t size, struct error *err)
{
    if (fwrite(data, 1, size, output->text) == size)
        return 0;
    return error_system(err, "%s: write failed", output->name);
}

char *export_line(struct export *to, size_t length, struct error *err)
{
    size_t needed = length + to->dim * (size_t)(DECIMAL_MAX + 1) + 1;
    return memory_reserve(&to->line, &to->line_capacity, needed, 1, err) < 0 ? NULL : to->line;
}

int export_word_line(struct export *to, uint32_t id, struct error *err)
{
    const struct words *words = &to->vocab->words;
    if (export_put(to->words, words_text(words, id), words_length(words, id), err) < 0)
        return -1;
    return export_put(to->words, "\n", 1, err);
}

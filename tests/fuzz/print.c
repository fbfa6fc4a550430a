/* SPDX-License-Identifier: MIT */
/* Printing bytes to a terminal; and finding words with a similar spelling. */
#include <string.h>

#include "base/escape.h"
#include "fuzz.h"
#include "search/spelling.h"

static char printed[4 * 4096 + 1];
static FILE *file;

/* The output consists of printable characters and is at least as long as the text. */
static void check_printed(const uint8_t *text, size_t size, size_t length)
{
    const uint8_t *p = (const uint8_t *)printed;
    demand(length >= size && length <= 4 * size);
    for (size_t i = 0; i < length; i++) {
        demand(p[i] >= 0x20 && p[i] != 0x7f);
        demand(p[i] != 0xc2 || p[i + 1] >= 0xa0); /* C1 */
        demand(p[i] < 0xf5 && p[i] != 0xc0 && p[i] != 0xc1);
    }
    if (length == size)
        demand(memcmp(printed, text, size) == 0);
}

static void print(const uint8_t *data, size_t size)
{
    if (!file)
        file = fmemopen(printed, sizeof printed, "w");
    demand(file);
    rewind(file);
    escape_print(file, (const char *)data, size);
    fflush(file);
    check_printed(data, size, (size_t)ftell(file));
}

/* Looks for the first word of the input among the others. Words are separated by zero bytes. */
static void spell(const char *text, size_t size)
{
    struct vocab vocab = {0};
    struct error err;
    uint32_t suggestion[SPELLING_SUGGESTIONS];
    demand_success(vocab_append(&vocab, UNKNOWN_WORD, strlen(UNKNOWN_WORD), 0, &err) == 0, &err);
    size_t first = strnlen(text, size);
    for (size_t at = first; at < size; at++) {
        size_t length = strnlen(text + at, size - at);
        if (length > 0)
            demand_success(vocab_append(&vocab, text + at, length, length * 7 % 5, &err) == 0,
                           &err);
        at += length;
    }
    if (first > 0) {
        int found = spelling_closest(&vocab, text, first, suggestion, &err);
        demand_success(found >= 0 && found <= SPELLING_SUGGESTIONS, &err);
        for (int i = 0; i < found; i++)
            demand(suggestion[i] < vocab.words.count);
        demand(spelling_unknown(&vocab, "input", text, first, &err) < 0);
        demand(err.status == STATUS_UNKNOWN_WORD);
    }
    vocab_release(&vocab);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size = size < 4096 ? size : 4096;
    print(data, size);
    if (size < 256)
        spell((const char *)data, size);
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* prompt.h -- lines that a user types, where standard input and standard error are a terminal.
 *
 * Built with libedit (HAVE_LIBEDIT): with editing, a history, and completion of words by the tabulator
 * key. Without it, as the terminal itself lets lines be edited. The prompt goes to standard error.
 */
#ifndef SGNS_PROMPT_H
#define SGNS_PROMPT_H

#include <stddef.h>

#include "base/error.h"
#include "stream/words.h"

struct prompt;

/* `words` are those that can be completed, the likeliest first; they stay the caller's. NULL on
 * error. */
struct prompt *prompt_open(const char *program, const struct words *words,
                           struct error *err) MUST_USE;
void prompt_close(struct prompt *prompt);

/* The next line, without its end, valid until the next call. Returns 1, or 0 at the end, or −1. */
int prompt_read(struct prompt *prompt, const char **line, size_t *length,
                struct error *err) MUST_USE;

#endif

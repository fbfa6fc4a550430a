/* SPDX-License-Identifier: MIT */
/* prompt.h -- reads lines that a user types; standard input and standard error are terminals.
 *
 * With libedit (HAVE_LIBEDIT) there is line editing, a history, and completion of words with the
 * Tab key. Without it there is only the line editing of the terminal. The prompt goes to standard
 * error.
 */
#ifndef SGNS_PROMPT_H
#define SGNS_PROMPT_H

#include <stddef.h>

#include "base/error.h"
#include "stream/words.h"

struct prompt;

/* `words` are the candidates for completion, the most likely first. The caller keeps them; they
 * must outlive the prompt. NULL on error. */
struct prompt *prompt_open(const char *program, const struct words *words,
                           struct error *err) MUST_USE;
void prompt_close(struct prompt *prompt);

/* Reads the next line, without its newline; *line is valid until the next call. Ctrl-C drops what
 * is typed, and does not end the program. Returns 1, or 0 at the end, or -1. */
int prompt_read(struct prompt *prompt, const char **line, size_t *length,
                struct error *err) MUST_USE;

#endif

/* SPDX-License-Identifier: MIT */
/* progress.h -- progress reports on standard error: on a terminal one line that is rewritten and
 * never wraps, elsewhere, or if $TERM is "dumb" or not set, a plain line from time to time.
 *
 * The programs of a pipe share a terminal, and one of them at a time should write on it. So a
 * program whose output is a pipe shows its progress until it starts to write; from then on the
 * program that reads the pipe has something to do, and shows its own.
 *
 * Only the main thread may call these functions.
 */
#ifndef SGNS_PROGRESS_H
#define SGNS_PROGRESS_H

#include "base/error.h"

/* From now on nothing is printed: --quiet. */
void progress_disable(void);

/* Starts a stage of `total` units of work; 0: unknown. */
void progress_start(double total);

/* Starts a stage whose work is to read the rest of an input. */
void progress_start_input(int fd);

/* Starts a stage whose units are the bytes of these files, up to NULL, or of standard input if
 * there are none; "-" is standard input. Shows nothing while the user types them at a terminal. */
void progress_start_files(char *const *path);

/* Prints a line, if one is due (ten times a second on a terminal, else every 30 seconds): the
 * percentage done and the time left, if the total is known, and then `format`; on a terminal a bar
 * fills the rest of the line. What matters most has to come first: the line is cut at the width of
 * the terminal. `format` gives ASCII. Call it as often as convenient, but not for every token. */
void progress_update(double done, const char *format, ...) PRINTF_LIKE(2, 3);
void progress_update_input(const char *format, ...) PRINTF_LIKE(1, 2);

/* progress_update_input() for functions that call back while they read. */
void progress_reading(void);
void progress_reading_vocab(void);

/* Units done per second since the stage's first update; 0: unknown. */
double progress_speed(double done);

/* Prints a line that later lines do not replace. */
void progress_keep(const char *format, ...) PRINTF_LIKE(1, 2);

/* Must be called before the program writes to its output, the first time at least: on a terminal
 * whenever it writes something. */
void progress_before_output(int output);

/* Erases the line. cli_start() arranges that this happens at the end of the program. */
void progress_end(void);

/* What a line on standard error has to begin with, so that it replaces a line of progress, which may
 * be another program's. The caller prints both with a single write. */
const char *progress_eraser(void);

/* progress_end() for a signal handler. */
void progress_end_by_signal(void);

#endif

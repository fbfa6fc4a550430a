/* SPDX-License-Identifier: MIT */
/* signals.h -- what a program does on SIGINT, SIGTERM, SIGHUP and SIGPIPE: it removes its temporary
 * files and dies by the signal, or first finishes what it is doing.
 */
#ifndef SGNS_SIGNALS_H
#define SGNS_SIGNALS_H

#include <stdbool.h>

/* Catches these signals, except those that the parent process chose to ignore. */
void signals_catch(void);

/* While this is on, the first signal but SIGPIPE is only noted, so that the program can end in an
 * orderly way, with signals_die; the second one ends it at once. */
void signals_defer(bool defer);

/* The number of the noted signal, or 0. */
int signals_noted(void);

/* Removes temporary files and ends the process by a signal. */
_Noreturn void signals_die(int signal_number);

#endif

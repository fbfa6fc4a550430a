/* SPDX-License-Identifier: MIT */
/* signals.h -- handles the signals that end a process, among them those that batch systems send as
 * a warning (SIGUSR1, SIGUSR2, SIGXCPU): the program removes its temporary files and its line of
 * progress and dies by the signal, or finishes its current work before.
 */
#ifndef SGNS_SIGNALS_H
#define SGNS_SIGNALS_H

#include <stdbool.h>

/* Installs the handlers, except for signals that the parent process chose to ignore. */
void signals_catch(void);

/* With `defer`, the first signal other than SIGPIPE and SIGQUIT only becomes pending, so that the
 * program can end in an orderly way and then call signals_die(); a second signal ends it
 * immediately. */
void signals_defer(bool defer);

/* The number of the pending signal, or 0. */
int signals_pending(void);

/* Removes temporary files and ends the process by a signal. */
_Noreturn void signals_die(int signal_number);

#endif

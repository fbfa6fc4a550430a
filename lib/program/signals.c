/* SPDX-License-Identifier: MIT */
#include "program/signals.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/output.h"

static const int deadly[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};

static atomic_int deferring, noted; /* noted: the number of a signal */

void signals_die(int signal_number)
{
    sigset_t only;
    output_discard();
    signal(signal_number, SIG_DFL);
    raise(signal_number);
    /* A signal is blocked in its own handler, and waits for this. */
    sigemptyset(&only);
    sigaddset(&only, signal_number);
    pthread_sigmask(SIG_UNBLOCK, &only, NULL);
    abort(); /* not reached */
}

static void on_signal(int signal_number)
{
    bool wait = deferring && !noted && signal_number != SIGPIPE;
    noted = signal_number;
    if (!wait)
        signals_die(signal_number);
}

void signals_catch(void)
{
    for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++) {
        /* SA_RESTART: a signal that is deferred must not become a failed write. */
        struct sigaction old, action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
        sigemptyset(&action.sa_mask);
        if (sigaction(deadly[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL)
            sigaction(deadly[i], &action, NULL);
    }
}

void signals_defer(bool defer)
{
    deferring = defer;
}

int signals_noted(void)
{
    return noted;
}

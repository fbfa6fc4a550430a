/* SPDX-License-Identifier: MIT */
#include "program/signals.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/output.h"
#include "program/progress.h"

/* The signals that end a process and are not a fault of the program itself, which must end it where
 * it is. */
static const int handled[] = {SIGINT,  SIGTERM, SIGHUP,  SIGPIPE,   SIGQUIT, SIGUSR1,
                              SIGUSR2, SIGALRM, SIGXCPU, SIGVTALRM, SIGPROF};

static atomic_int deferring, pending; /* pending: a signal number, or 0 */

/* SIGQUIT asks for a core dump of this moment. */
static bool can_wait(int signal_number)
{
    return signal_number != SIGPIPE && signal_number != SIGQUIT;
}

void signals_die(int signal_number)
{
    sigset_t only;
    output_discard();
    progress_end_by_signal();
    signal(signal_number, SIG_DFL);
    raise(signal_number);
    /* Inside its own handler the signal is blocked: unblocking it delivers it. */
    sigemptyset(&only);
    sigaddset(&only, signal_number);
    pthread_sigmask(SIG_UNBLOCK, &only, NULL);
    abort(); /* not reached */
}

static void on_signal(int signal_number)
{
    /* The system repeats SIGXCPU every second, which is no second request to end. */
    if (pending && signal_number == SIGXCPU)
        return;
    bool defer = deferring && !pending && can_wait(signal_number);
    pending = signal_number;
    if (!defer)
        signals_die(signal_number);
}

void signals_catch(void)
{
    for (size_t i = 0; i < sizeof handled / sizeof *handled; i++) {
        /* SA_RESTART: a signal that is deferred must not become a failed write. */
        struct sigaction old, action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
        sigemptyset(&action.sa_mask);
        if (sigaction(handled[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL)
            sigaction(handled[i], &action, NULL);
    }
}

void signals_defer(bool defer)
{
    deferring = defer;
}

int signals_pending(void)
{
    return pending;
}

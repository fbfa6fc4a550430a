/* SPDX-License-Identifier: MIT */
#include "base/thread.h"

#include <errno.h>
#include <signal.h>

int thread_start(pthread_t *thread, void *(*work)(void *), void *data, struct error *err)
{
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int failed = pthread_create(thread, NULL, work, data);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (!failed)
        return 0;
    errno = failed;
    return error_system(err, "cannot start a thread");
}

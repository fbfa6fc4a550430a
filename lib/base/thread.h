/* SPDX-License-Identifier: MIT */
/* thread.h -- threads of the library. They block all signals: these are for the program's own. */
#ifndef SGNS_THREAD_H
#define SGNS_THREAD_H

#include <pthread.h>

#include "base/error.h"

/* Runs work(data) on a new thread, which the caller joins. −1 and status 1 where none can be had. */
int thread_start(pthread_t *thread, void *(*work)(void *), void *data, struct error *err) MUST_USE;

#endif

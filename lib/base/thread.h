/* SPDX-License-Identifier: MIT */
/* thread.h -- starts threads of the library. They block all signals, so that only the program's
 * main thread receives them. */
#ifndef SGNS_THREAD_H
#define SGNS_THREAD_H

#include <pthread.h>

#include "base/error.h"

/* Runs work(data) on a new thread, which the caller must join. Returns -1 and status 1 if no thread
 * can be created. */
int thread_start(pthread_t *thread, void *(*work)(void *), void *data, struct error *err) MUST_USE;

#endif

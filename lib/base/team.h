/* SPDX-License-Identifier: MIT */
/* team.h -- a team of threads that run the same function together, repeatedly, with barriers.
 *
 * A barrier spins for a moment, because the phases of a training step are short, and then sleeps,
 * so that the other programs of the pipe can run.
 */
#ifndef SGNS_TEAM_H
#define SGNS_TEAM_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

typedef void team_function(void *data);

struct team {
    atomic_uint members; /* number of threads, the caller's included */
    pthread_t *thread;   /* (started) */
    unsigned started;    /* number of threads that run, the caller's excluded */
    atomic_uint joined;  /* number of these that have a thread number */
    team_function *function;
    void *data;
    bool stop;
    /* barrier */
    atomic_uint arrived, generation;
    pthread_mutex_t mutex;
    pthread_cond_t opened;
};

/* Whether a team may have fewer members than requested if the system starts no more threads. It may
 * not at first; a program allows it if the number is only its own default. */
void team_allow_fewer(bool allowed);

/* Starts members − 1 threads. Returns -1 and status 1 if that fails and is not allowed; then there
 * is nothing to release. */
int team_init(struct team *team, unsigned members, struct error *err) MUST_USE;
/* Stops the threads and joins them. */
void team_release(struct team *team);

/* Calls function(data) once on every thread of the team; returns when all calls have returned. */
void team_run(struct team *team, team_function *function, void *data);

/* Waits until every thread has called it. Only inside a function that the team runs. */
void team_barrier(struct team *team);

/* The number of the current thread, from 0, the caller's thread, to at most members − 1; it never
 * changes.
 * Only inside a function that the team runs. */
unsigned team_member(void);

/* Distributes the items 0 … items − 1 of a round over a team, in pieces. Each thread has its own
 * range of items, the same in every round, so that its data stays in its cache. A thread that has
 * finished its own range takes pieces of the next ones. Each piece goes to exactly one thread. */
struct team_work {
    atomic_uint *taken; /* (members) pieces taken from each range */
    unsigned members;
    uint32_t items, piece_size; /* in items */
};

int team_work_init(struct team_work *work, unsigned members, uint32_t piece_size,
                   struct error *err) MUST_USE;
void team_work_release(struct team_work *work);
/* Starts a round; no thread may be taking pieces. */
void team_work_start(struct team_work *work, uint32_t items);
/* Takes the next piece for this thread: items *start … *end − 1. False if none is left. */
bool team_work_take(struct team_work *work, uint32_t *start, uint32_t *end);

#endif

/* SPDX-License-Identifier: MIT */
/* team.h -- threads that run one function together, again and again, with barriers inside it.
 *
 * A barrier spins for a moment, since the phases of a training step are short, and then sleeps, so
 * that the programs beside this one in the pipe get their turn.
 */
#ifndef SGNS_TEAM_H
#define SGNS_TEAM_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "error.h"

typedef void team_function(void *data);

struct team {
    atomic_uint members; /* the caller's thread is one of them */
    pthread_t *thread;
    unsigned started; /* threads that run, the caller's not counted */
    team_function *function;
    void *data;
    bool stop;
    /* barrier */
    atomic_uint arrived, generation;
    pthread_mutex_t mutex;
    pthread_cond_t opened;
};

/* Starts members − 1 threads. */
int team_init(struct team *team, unsigned members, struct error *err) MUST_USE;
void team_release(struct team *team);

/* Every member calls function(data) once; returns when all are through. */
void team_run(struct team *team, team_function *function, void *data);

/* Inside a function that the team runs: waits until every member is here. */
void team_barrier(struct team *team);

/* Processors this process may use. */
unsigned team_processors(void);

#endif

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
#include <stdint.h>

#include "base/error.h"

typedef void team_function(void *data);

struct team {
    atomic_uint members; /* the caller's thread is one of them */
    pthread_t *thread;
    unsigned started; /* threads that run, the caller's not counted */
    atomic_uint joined;
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

/* Likewise: which member this is, from 0, the caller's thread, to members − 1; always the same one
 * for the same thread. */
unsigned team_member(void);

/* Pieces of work for a team: the items 0 … items − 1, of which each member has a range of its own,
 * the same in every round, so that what it works on stays near it; one that is through with its own
 * helps the next. A piece goes to one member alone. */
struct team_work {
    atomic_uint *taken; /* (members) pieces of each range */
    unsigned members;
    uint32_t items, size; /* of a piece, in items */
};

int team_work_init(struct team_work *work, unsigned members, uint32_t size,
                   struct error *err) MUST_USE;
void team_work_release(struct team_work *work);
/* Before a round. */
void team_work_start(struct team_work *work, uint32_t items);
/* The next piece for this thread: items *start … *end − 1; false when there is none left. */
bool team_work_take(struct team_work *work, uint32_t *start, uint32_t *end);

#endif

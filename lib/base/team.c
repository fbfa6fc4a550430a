/* SPDX-License-Identifier: MIT */
#include "base/team.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/thread.h"

enum { SPINS = 2000 };

static void pause_briefly(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

void team_barrier(struct team *team)
{
    unsigned generation = atomic_load(&team->generation);
    unsigned arrived = atomic_fetch_add(&team->arrived, 1) + 1;
    if (arrived == atomic_load(&team->members)) {
        atomic_store(&team->arrived, 0);
        pthread_mutex_lock(&team->mutex);
        atomic_store(&team->generation, generation + 1);
        pthread_cond_broadcast(&team->opened);
        pthread_mutex_unlock(&team->mutex);
        return;
    }
    for (int i = 0; i < SPINS; i++) {
        if (atomic_load(&team->generation) != generation)
            return;
        pause_briefly();
    }
    pthread_mutex_lock(&team->mutex);
    while (atomic_load(&team->generation) == generation)
        pthread_cond_wait(&team->opened, &team->mutex);
    pthread_mutex_unlock(&team->mutex);
}

static _Thread_local unsigned this_member;

unsigned team_member(void)
{
    return this_member;
}

static void *work(void *argument)
{
    struct team *team = argument;
    this_member = atomic_fetch_add(&team->joined, 1) + 1;
    for (;;) {
        team_barrier(team);
        if (team->stop)
            return NULL;
        team->function(team->data);
        team_barrier(team);
    }
}

void team_run(struct team *team, team_function *function, void *data)
{
    team->function = function;
    team->data = data;
    team_barrier(team);
    function(data);
    team_barrier(team);
}

static bool fewer_allowed;

void team_allow_fewer(bool allowed)
{
    fewer_allowed = allowed;
}

int team_init(struct team *team, unsigned members, struct error *err)
{
    *team = (struct team){0};
    atomic_store(&team->members, members);
    pthread_mutex_init(&team->mutex, NULL);
    pthread_cond_init(&team->opened, NULL);
    team->thread = memory_new(members, sizeof *team->thread, err);
    if (!team->thread)
        return -1;
    while (team->started < members - 1 &&
           thread_start(&team->thread[team->started], work, team, err) == 0)
        team->started++;
    if (team->started == members - 1)
        return 0;
    /* The barrier must count only the threads that run. */
    atomic_store(&team->members, team->started + 1);
    if (fewer_allowed)
        return 0;
    team_release(team);
    return -1;
}

void team_release(struct team *team)
{
    if (!team->thread)
        return;
    team->stop = true;
    team_barrier(team);
    for (unsigned i = 0; i < team->started; i++)
        pthread_join(team->thread[i], NULL);
    free(team->thread);
    pthread_mutex_destroy(&team->mutex);
    pthread_cond_destroy(&team->opened);
    *team = (struct team){0};
}

int team_work_init(struct team_work *work, unsigned members, uint32_t piece_size, struct error *err)
{
    *work = (struct team_work){.members = members, .piece_size = piece_size};
    work->taken = memory_new(members, sizeof *work->taken, err);
    return work->taken ? 0 : -1;
}

void team_work_release(struct team_work *work)
{
    free(work->taken);
    *work = (struct team_work){0};
}

void team_work_start(struct team_work *work, uint32_t items)
{
    work->items = items;
    for (unsigned m = 0; m < work->members; m++)
        atomic_store(&work->taken[m], 0);
}

bool team_work_take(struct team_work *work, uint32_t *start, uint32_t *end)
{
    for (unsigned i = 0; i < work->members; i++) {
        unsigned owner = (team_member() + i) % work->members;
        uint64_t range_start = (uint64_t)work->items * owner / work->members;
        uint64_t range_end = (uint64_t)work->items * (owner + 1) / work->members;
        uint64_t pieces = atomic_fetch_add(&work->taken[owner], 1);
        uint64_t first = range_start + pieces * work->piece_size;
        if (first >= range_end)
            continue;
        *start = (uint32_t)first;
        *end =
            (uint32_t)(range_end - first < work->piece_size ? range_end : first + work->piece_size);
        return true;
    }
    return false;
}

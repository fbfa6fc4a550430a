/* SPDX-License-Identifier: MIT */
#include "team.h"

#include <sched.h>
#include <stdlib.h>

#include "memory.h"
#include "thread.h"

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
    unsigned here = atomic_fetch_add(&team->arrived, 1) + 1;
    if (here == atomic_load(&team->members)) {
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

static void *work(void *argument)
{
    struct team *team = argument;
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
    atomic_store(&team->members,
                 team->started + 1); /* those that run, so that they can be stopped */
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

unsigned team_processors(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) < 0 || CPU_COUNT(&set) < 1)
        return 1;
    return (unsigned)CPU_COUNT(&set);
}

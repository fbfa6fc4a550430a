/* SPDX-License-Identifier: MIT */
#include "base/ordered_queue.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/team.h"

struct slot {
    bool done, failed;
    struct error error;
};

struct state {
    const struct ordered_queue *line;
    struct slot *slot; /* (slots) */
    unsigned slots;
    pthread_mutex_t mutex; /* of all below, and of the slots' flags */
    pthread_cond_t work_is_there, piece_is_done;
    uint64_t started, taken, finished; /* pieces so far, in their order */
    bool all_started, stop;
    bool failed;
    struct error error;
};

/* ---- the three steps: each is called with the mutex held, and lets go of it meanwhile ---- */

static void start(struct state *s)
{
    unsigned at = (unsigned)(s->started % s->slots);
    struct slot *slot = &s->slot[at];
    pthread_mutex_unlock(&s->mutex);
    int got = s->line->start(s->line->data, at, &slot->error);
    pthread_mutex_lock(&s->mutex);
    slot->done = false;
    slot->failed = got < 0;
    s->all_started = got <= 0;
    s->started += got != 0; /* also one that failed: it is told of after those before it */
    pthread_cond_signal(&s->work_is_there);
}

static void work(struct state *s)
{
    unsigned at = (unsigned)(s->taken++ % s->slots);
    struct slot *slot = &s->slot[at];
    if (!slot->failed) {
        pthread_mutex_unlock(&s->mutex);
        bool failed = s->line->work(s->line->data, at, team_member(), &slot->error) < 0;
        pthread_mutex_lock(&s->mutex);
        slot->failed = failed;
    }
    slot->done = true;
    if (at == s->finished % s->slots)
        pthread_cond_signal(&s->piece_is_done);
}

static void finish(struct state *s)
{
    unsigned at = (unsigned)(s->finished % s->slots);
    struct slot *slot = &s->slot[at];
    pthread_mutex_unlock(&s->mutex);
    bool failed = slot->failed || s->line->finish(s->line->data, at, &slot->error) < 0;
    pthread_mutex_lock(&s->mutex);
    s->finished++;
    if (failed) {
        s->failed = true;
        s->error = slot->error;
    }
}

/* ---- threads ---- */

static void be_caller(struct state *s)
{
    while (!s->failed && !(s->all_started && s->finished == s->started)) {
        bool waiting = s->finished < s->taken;
        if (waiting && s->slot[s->finished % s->slots].done)
            finish(s);
        else if (!s->all_started && s->started - s->finished < s->slots)
            start(s);
        else if (s->taken < s->started)
            work(s);
        else
            pthread_cond_wait(&s->piece_is_done, &s->mutex);
    }
    s->stop = true;
    pthread_cond_broadcast(&s->work_is_there);
}

static void be_other(struct state *s)
{
    while (!s->stop) {
        if (s->taken < s->started)
            work(s);
        else
            pthread_cond_wait(&s->work_is_there, &s->mutex);
    }
}

static void be_member(void *data)
{
    struct state *s = data;
    pthread_mutex_lock(&s->mutex);
    if (team_member() == 0)
        be_caller(s);
    else
        be_other(s);
    pthread_mutex_unlock(&s->mutex);
}

int ordered_queue_run(const struct ordered_queue *line, unsigned threads, struct error *err)
{
    struct team team;
    struct state s = {.line = line, .slots = ordered_queue_slots(threads)};
    s.slot = memory_new(s.slots, sizeof *s.slot, err);
    if (!s.slot)
        return -1;
    if (team_init(&team, threads, err) < 0) {
        free(s.slot);
        return -1;
    }
    pthread_mutex_init(&s.mutex, NULL);
    pthread_cond_init(&s.work_is_there, NULL);
    pthread_cond_init(&s.piece_is_done, NULL);
    team_run(&team, be_member, &s);
    team_release(&team);
    pthread_cond_destroy(&s.piece_is_done);
    pthread_cond_destroy(&s.work_is_there);
    pthread_mutex_destroy(&s.mutex);
    free(s.slot);
    if (s.failed)
        *err = s.error;
    return s.failed ? -1 : 0;
}

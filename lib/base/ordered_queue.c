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
    const struct ordered_queue *queue;
    struct slot *slot; /* (slots) */
    unsigned slots;
    pthread_mutex_t mutex; /* protects all fields below, and the flags in the slots */
    pthread_cond_t work_available, next_done;
    uint64_t started, taken, finished; /* number of pieces, in order */
    bool all_started, stop;
    bool failed;
    struct error error;
};

/* ---- the three steps: called with the mutex held, which they release while they run ---- */

static void start(struct state *s)
{
    unsigned number = (unsigned)(s->started % s->slots);
    struct slot *slot = &s->slot[number];
    pthread_mutex_unlock(&s->mutex);
    int got = s->queue->start(s->queue->data, number, &slot->error);
    pthread_mutex_lock(&s->mutex);
    slot->done = false;
    slot->failed = got < 0;
    s->all_started = got <= 0;
    s->started += got != 0; /* on error too: finish() reports it after the pieces before it */
    pthread_cond_signal(&s->work_available);
}

static void work(struct state *s)
{
    unsigned number = (unsigned)(s->taken++ % s->slots);
    struct slot *slot = &s->slot[number];
    if (!slot->failed) {
        pthread_mutex_unlock(&s->mutex);
        bool failed = s->queue->work(s->queue->data, number, team_member(), &slot->error) < 0;
        pthread_mutex_lock(&s->mutex);
        slot->failed = failed;
    }
    slot->done = true;
    if (number == s->finished % s->slots)
        pthread_cond_signal(&s->next_done);
}

static void finish(struct state *s)
{
    unsigned number = (unsigned)(s->finished % s->slots);
    struct slot *slot = &s->slot[number];
    pthread_mutex_unlock(&s->mutex);
    bool failed = slot->failed || s->queue->finish(s->queue->data, number, &slot->error) < 0;
    pthread_mutex_lock(&s->mutex);
    s->finished++;
    if (failed) {
        s->failed = true;
        s->error = slot->error;
    }
}

/* ---- threads ---- */

static void run_caller(struct state *s)
{
    while (!s->failed && !(s->all_started && s->finished == s->started)) {
        bool next_taken = s->finished < s->taken;
        if (next_taken && s->slot[s->finished % s->slots].done)
            finish(s);
        else if (!s->all_started && s->started - s->finished < s->slots)
            start(s);
        else if (s->taken < s->started)
            work(s);
        else
            pthread_cond_wait(&s->next_done, &s->mutex);
    }
    s->stop = true;
    pthread_cond_broadcast(&s->work_available);
}

static void run_worker(struct state *s)
{
    while (!s->stop) {
        if (s->taken < s->started)
            work(s);
        else
            pthread_cond_wait(&s->work_available, &s->mutex);
    }
}

static void run_thread(void *data)
{
    struct state *s = data;
    pthread_mutex_lock(&s->mutex);
    if (team_member() == 0)
        run_caller(s);
    else
        run_worker(s);
    pthread_mutex_unlock(&s->mutex);
}

int ordered_queue_run(const struct ordered_queue *queue, unsigned threads, struct error *err)
{
    struct team team;
    struct state s = {.queue = queue, .slots = ordered_queue_slots(threads)};
    s.slot = memory_new(s.slots, sizeof *s.slot, err);
    if (!s.slot)
        return -1;
    if (team_init(&team, threads, err) < 0) {
        free(s.slot);
        return -1;
    }
    pthread_mutex_init(&s.mutex, NULL);
    pthread_cond_init(&s.work_available, NULL);
    pthread_cond_init(&s.next_done, NULL);
    team_run(&team, run_thread, &s);
    team_release(&team);
    pthread_cond_destroy(&s.next_done);
    pthread_cond_destroy(&s.work_available);
    pthread_mutex_destroy(&s.mutex);
    free(s.slot);
    if (s.failed)
        *err = s.error;
    return s.failed ? -1 : 0;
}

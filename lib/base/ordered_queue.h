/* SPDX-License-Identifier: MIT */
/* ordered_queue.h -- parallel work on pieces of data that are read and written in order.
 *
 * Each piece passes three steps: start (for example, read it), work (on any thread of a team),
 * finish (for example, write it). Pieces are started in order and finished in the same order. The
 * caller's thread runs every start and finish, and works on pieces in between. Only this thread
 * receives signals, so that a broken pipe ends the program as usual.
 */
#ifndef SGNS_ORDERED_QUEUE_H
#define SGNS_ORDERED_QUEUE_H

#include "base/error.h"

/* The three steps, each called with `data`. A piece occupies one of ordered_queue_slots() slots
 * from start to finish; later pieces reuse the slot. */
struct ordered_queue {
    /* Starts the next piece, on the caller's thread. Returns 1, or 0 after the last one, or -1. */
    int (*start)(void *data, unsigned slot, struct error *err);
    /* Works on the piece, on thread number `member` of the team, from 0. Returns 0 or -1. */
    int (*work)(void *data, unsigned slot, unsigned member, struct error *err);
    /* Finishes the piece, on the caller's thread. Returns 0 or -1. */
    int (*finish)(void *data, unsigned slot, struct error *err);
    void *data;
};

/* The most pieces in the queue at a time: one for a single thread. */
static inline unsigned ordered_queue_slots(unsigned threads)
{
    return threads > 1 ? 3 * threads : 1;
}

/* Runs all pieces on `threads` threads, the caller's included. Returns 0 when all are finished, or
 * -1 with the error of the first piece, in order, that failed. When it returns, no thread works on
 * a piece. */
int ordered_queue_run(const struct ordered_queue *queue, unsigned threads,
                      struct error *err) MUST_USE;

#endif

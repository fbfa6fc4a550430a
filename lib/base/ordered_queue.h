/* SPDX-License-Identifier: MIT */
/* ordered_queue.h -- an assembly line: pieces are set up in order, worked on by threads, handed on in order.
 *
 * The caller's thread sets up and hands on, and works like the others in between. It alone takes
 * signals, so that a broken pipe ends the program as it should.
 */
#ifndef SGNS_ORDERED_QUEUE_H
#define SGNS_ORDERED_QUEUE_H

#include "base/error.h"

/* A piece lies in one of ordered_queue_slots() slots, which the next ones use again. */
struct ordered_queue {
    /* Sets up the next piece, on the caller's thread. Returns 1, or 0 where there is none, or -1. */
    int (*start)(void *data, unsigned slot, struct error *err);
    /* On thread number `member`, from 0. */
    int (*work)(void *data, unsigned slot, unsigned member, struct error *err);
    /* Hands the piece on, on the caller's thread. */
    int (*finish)(void *data, unsigned slot, struct error *err);
    void *data;
};

/* Pieces that are on the line at a time: one where there is one thread. */
static inline unsigned ordered_queue_slots(unsigned threads)
{
    return threads > 1 ? 3 * threads : 1;
}

/* Returns when all pieces are handed on. After an error, that of the first piece in their order, no
 * piece is being worked on any more. */
int ordered_queue_run(const struct ordered_queue *line, unsigned threads,
                      struct error *err) MUST_USE;

#endif

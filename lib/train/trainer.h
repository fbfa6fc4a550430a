/* SPDX-License-Identifier: MIT */
/* trainer.h -- trains a model minibatch by minibatch: one interface, a backend per device.
 *
 * Skip-gram with negative sampling, two matrices of words × dim in float32: V for centre words, U
 * for context and noise words. For an example with centre word c and words w_1 … w_L the logits
 * are x_j = V_c · U_{w_j}, the labels y_j are 1 for context words and 0 for noise words, and the
 * loss is the mean over its L words of the binary cross-entropy. The loss of a minibatch is the
 * sum over its examples. Each minibatch is one step of dense Adam (adam.h) or of plain gradient
 * descent (sgd.h).
 *
 * Training on a minibatch takes two calls. `prepare` does the work that does not need the weights
 * (indexing, copying), `step` everything else. There are TRAINER_SLOTS slots for prepared
 * minibatches, so that one can be prepared during the step of another: while it works, `step` also
 * runs a function of the caller's on one of its threads.
 */
#ifndef SGNS_TRAINER_H
#define SGNS_TRAINER_H

#include <stdbool.h>
#include <stdint.h>

#include "stream/batches.h"
#include "train/xavier.h"

enum { TRAINER_SLOTS = 2 };

enum optimizer { OPTIMIZER_ADAM, OPTIMIZER_SGD };

struct trainer_config {
    uint32_t words, dim;
    enum optimizer optimizer;
    uint64_t seed;    /* of the initial vectors */
    uint32_t threads; /* on the CPU */
    double lr;        /* learning rate */
    uint32_t batch_size;
    uint64_t examples, steps; /* of all epochs */
};

/* A function that `step` runs once; it stores its errors in its own data. */
struct side_task {
    void (*function)(void *data);
    void *data;
};

struct trainer;

struct trainer_methods {
    /* Puts `count` minibatches, at most trainer->group, into a slot. They stay the caller's, and
     * must not change until their step is finished. May be called during a step of another slot. */
    int (*prepare)(struct trainer *trainer, unsigned slot, const struct minibatch *batch,
                   unsigned count, struct error *err);
    /* Trains on the slot's minibatches, in their order. loss (count) receives the loss of each of
     * them. `side_task` may be NULL. */
    int (*step)(struct trainer *trainer, unsigned slot, const struct side_task *side_task,
                double *loss, struct error *err);
    /* Computes the losses of the slot's minibatches without training, by the model after all
     * steps so far: loss (count), as for `step`. Does not affect later training. */
    int (*evaluate)(struct trainer *trainer, unsigned slot, double *loss, struct error *err);
    /* Copies rows first … first + count − 1 of V, after all steps so far, to rows (count × dim).
     * Changes nothing. */
    int (*read_back)(struct trainer *trainer, uint32_t first, uint32_t count, float *rows,
                     struct error *err);
    /* Copies the state of rows first … first + count − 1 of a matrix: step (count), the step
     * after which each row is up to date, and value (count × trainer_parts × dim), its weights
     * and with Adam first and second moments. Changes nothing. */
    int (*save)(struct trainer *trainer, enum weights matrix, uint32_t first, uint32_t count,
                uint64_t *step, float *value, struct error *err);
    /* Restores the state of these rows. */
    int (*restore)(struct trainer *trainer, enum weights matrix, uint32_t first, uint32_t count,
                   const uint64_t *step, const float *value, struct error *err);
    /* Call this after all rows have been restored: `steps` steps are done. */
    void (*resume)(struct trainer *trainer, uint64_t steps);
    void (*destroy)(struct trainer *trainer);
};

/* A backend's own struct begins with this one. */
struct trainer {
    const struct trainer_methods *methods;
    char device[32]; /* its name for the user: "cpu", "cuda:0" */
    unsigned group;  /* the most minibatches per slot */
    bool read_ahead; /* its steps leave processors idle: read the input ahead on a thread */
};

/* The number of values in the state of a weight: itself, and with Adam its moments. */
static inline uint32_t trainer_parts(enum optimizer optimizer)
{
    return optimizer == OPTIMIZER_ADAM ? 3 : 1;
}

#endif

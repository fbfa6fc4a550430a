/* SPDX-License-Identifier: MIT */
/* trainer.h -- a model that learns minibatch by minibatch: one interface, a backend per device.
 *
 * Skip-gram with negative sampling, two matrices of words × dim in float32: V for centre words, U
 * for context and noise words. For an example of centre c and words w_1 … w_L the logits are x_j =
 * V_c · U_{w_j}, the labels y_j are 1 for context words and 0 for noise, the loss is the mean over
 * its L words of the binary cross-entropy; the loss of a minibatch is the sum over its examples.
 * Each minibatch is one step, of dense Adam (adam.h) or of plain gradient descent (sgd.h).
 *
 * A minibatch goes through two calls. `prepare` does what does not need the weights (indexing,
 * copying), `step` the rest. There are TRAINER_SLOTS places for prepared minibatches, so that one
 * can be prepared while another is stepped through: `step` takes a function to run beside its own
 * work, on one of its threads.
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
    double lr;
    uint32_t batch_size;
    uint64_t examples, steps; /* of all epochs */
};

/* Something to run once during a step; may be NULL. Reports what went wrong in its own data. */
struct side_task {
    void (*function)(void *data);
    void *data;
};

struct trainer;

struct trainer_methods {
    /* Takes `count` minibatches, at most trainer->group, which stay the caller's and must not
     * change until their step is through. May be called beside a step of another slot. */
    int (*prepare)(struct trainer *trainer, unsigned slot, const struct minibatch *batch,
                   unsigned count, struct error *err);
    /* Trains on the slot's minibatches, in their order. loss (count) is, for each of them, the sum
     * of its examples' losses. */
    int (*step)(struct trainer *trainer, unsigned slot, const struct side_task *side_task,
                double *loss, struct error *err);
    /* Only the losses of the slot's minibatches: loss (count), as `step` has it, of the model as it is
     * after all steps so far. Changes nothing of what training computes later. */
    int (*evaluate)(struct trainer *trainer, unsigned slot, double *loss, struct error *err);
    /* Copies rows first … first + count − 1 of V, after all steps so far, into rows (count × dim).
     * Changes nothing. */
    int (*read_back)(struct trainer *trainer, uint32_t first, uint32_t count, float *rows,
                     struct error *err);
    /* Copies all that training knows of rows first … first + count − 1 of a matrix: step (count),
     * after which a row is up to date, and number (count × trainer_parts × dim): weights, and with
     * Adam first and second moments. Changes nothing. */
    int (*save)(struct trainer *trainer, enum weights matrix, uint32_t first, uint32_t count,
                uint64_t *step, float *number, struct error *err);
    /* Puts it back. */
    int (*restore)(struct trainer *trainer, enum weights matrix, uint32_t first, uint32_t count,
                   const uint64_t *step, const float *number, struct error *err);
    /* Behind that: `steps` are done. */
    void (*resume)(struct trainer *trainer, uint64_t steps);
    void (*destroy)(struct trainer *trainer);
};

/* A backend's own struct begins with this one. */
struct trainer {
    const struct trainer_methods *methods;
    char device[32]; /* as the user calls it: "cpu", "cuda:0" */
    unsigned group;  /* minibatches that it takes at a time */
    bool ahead;      /* its steps leave processors free: the input is to be read ahead of them */
};

/* How many numbers training keeps for a weight. */
static inline uint32_t trainer_parts(enum optimizer optimizer)
{
    return optimizer == OPTIMIZER_ADAM ? 3 : 1;
}

#endif

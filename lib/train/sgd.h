/* SPDX-License-Identifier: MIT */
/* sgd.h -- plain gradient descent, the method of word2vec.
 *
 * As in Mikolov et al., "Distributed representations of words and phrases and their
 * compositionality", 2013, and their program, each word is a loss term of its own, so that the
 * derivative by a logit is σ(x) − y, without the factor of a mean; and the learning rate falls
 * linearly to almost zero. Unlike in word2vec, the gradients of a minibatch are summed before a
 * row is changed: so no example sees changes made by its own minibatch, and the result does not
 * depend on threads.
 */
#ifndef SGNS_SGD_H
#define SGNS_SGD_H

#include <stdint.h>

#ifdef __CUDACC__
#define SGD_FUNCTION static __host__ __device__ inline
#else
#define SGD_FUNCTION static inline
#endif

/* The learning rate of step `step`, counted from 0, of `steps` steps. */
SGD_FUNCTION float sgd_rate(double lr, uint64_t step, uint64_t steps)
{
    double left = 1 - (double)step / (double)steps;
    return (float)(lr * (left < 1e-4 ? 1e-4 : left));
}

#endif

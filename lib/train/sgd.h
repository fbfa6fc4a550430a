/* SPDX-License-Identifier: MIT */
/* sgd.h -- plain gradient descent, the recipe of word2vec.
 *
 * Mikolov et al., "Distributed representations of words and phrases and their compositionality",
 * 2013, and their program: a word is a term of its own, so that the derivative of a logit is σ(x) −
 * y, not its share in a mean; and the rate falls in a straight line to nearly nothing. Other than
 * theirs, the gradients of a minibatch are summed before a row is changed: so no word sees the
 * changes of its own minibatch, and the result does not depend on threads.
 */
#ifndef SGNS_SGD_H
#define SGNS_SGD_H

#include <stdint.h>

#ifdef __CUDACC__
#define SGD_FUNCTION static __host__ __device__ inline
#else
#define SGD_FUNCTION static inline
#endif

/* The rate of step `step`, counted from 0, of `steps`. */
SGD_FUNCTION float sgd_rate(double lr, uint64_t step, uint64_t steps)
{
    double left = 1 - (double)step / (double)steps;
    return (float)(lr * (left < 1e-4 ? 1e-4 : left));
}

#endif

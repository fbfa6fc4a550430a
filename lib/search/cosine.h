/* SPDX-License-Identifier: MIT */
/* cosine.h -- the cosine of the angle between two vectors, as used for evaluation: without the
 * 1e-9 of knn.h, limited to -1 … 1, and 0 if a vector is zero.
 */
#ifndef SGNS_COSINE_H
#define SGNS_COSINE_H

#include <math.h>
#include <stdint.h>

/* The cosine from a · b, |a|² and |b|². */
static inline double cosine_of_products(double ab, double aa, double bb)
{
    double squares = aa * bb;
    return squares > 0 ? fmax(-1.0, fmin(1.0, ab / sqrt(squares))) : 0;
}

/* The cosine of a and b (dim). */
static inline double cosine(const float *a, const float *b, uint32_t dim)
{
    double ab = 0, aa = 0, bb = 0;
    for (uint32_t i = 0; i < dim; i++) {
        ab += (double)a[i] * b[i];
        aa += (double)a[i] * a[i];
        bb += (double)b[i] * b[i];
    }
    return cosine_of_products(ab, aa, bb);
}

#endif

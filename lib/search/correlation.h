/* SPDX-License-Identifier: MIT */
/* correlation.h -- how two series of numbers go together, from −1 to 1. */
#ifndef SGNS_CORRELATION_H
#define SGNS_CORRELATION_H

#include <stddef.h>

#include "base/error.h"

/* Of x and y (n), by their values. NaN where it is not defined: for fewer than two, or where one side
 * is all equal. */
double correlation_pearson(const double *x, const double *y, size_t n);

/* The same by their ranks, Spearman's; equal values share the mean of their ranks. */
int correlation_spearman(const double *x, const double *y, size_t n, double *rho,
                         struct error *err) MUST_USE;

#endif

/* SPDX-License-Identifier: MIT */
/* correlation.h -- the correlation of two series of numbers, from -1 to 1. */
#ifndef SGNS_CORRELATION_H
#define SGNS_CORRELATION_H

#include <stddef.h>

#include "base/error.h"

/* Pearson's correlation coefficient of x and y (n). NaN if it is undefined: n is less than two,
 * or all numbers of x or of y are equal. */
double correlation_pearson(const double *x, const double *y, size_t n);

/* *rho is Spearman's correlation coefficient: that of the ranks of x and y. Equal values share
 * the mean of their ranks. */
int correlation_spearman(const double *x, const double *y, size_t n, double *rho,
                         struct error *err) MUST_USE;

#endif

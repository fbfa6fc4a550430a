/* SPDX-License-Identifier: MIT */
#include "search/correlation.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

static double mean(const double *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i];
    return sum / (double)n;
}

double correlation_pearson(const double *x, const double *y, size_t n)
{
    if (n < 2)
        return NAN;
    double mean_x = mean(x, n), mean_y = mean(y, n), xx = 0, yy = 0, xy = 0;
    for (size_t i = 0; i < n; i++) {
        double dx = x[i] - mean_x, dy = y[i] - mean_y;
        xx += dx * dx;
        yy += dy * dy;
        xy += dx * dy;
    }
    return fmax(-1.0, fmin(1.0, xy / (sqrt(xx) * sqrt(yy)))) + (xx > 0 && yy > 0 ? 0 : NAN);
}

struct indexed {
    double value;
    size_t index;
};

static int by_value(const void *left, const void *right)
{
    double a = ((const struct indexed *)left)->value, b = ((const struct indexed *)right)->value;
    return (a > b) - (a < b);
}

static int find_ranks(const double *x, size_t n, double *rank, struct error *err)
{
    struct indexed *sorted = memory_new(n, sizeof *sorted, err);
    if (!sorted)
        return -1;
    for (size_t i = 0; i < n; i++)
        sorted[i] = (struct indexed){x[i], i};
    qsort(sorted, n, sizeof *sorted, by_value);
    for (size_t from = 0, end; from < n; from = end) {
        for (end = from + 1; end < n && sorted[end].value == sorted[from].value;)
            end++;
        for (size_t i = from; i < end; i++)
            rank[sorted[i].index] = (double)(from + end - 1) / 2;
    }
    free(sorted);
    return 0;
}

int correlation_spearman(const double *x, const double *y, size_t n, double *rho, struct error *err)
{
    double *rank = memory_new(n, 2 * sizeof *rank, err);
    int result = rank && find_ranks(x, n, rank, err) == 0 ? find_ranks(y, n, rank + n, err) : -1;
    if (result == 0)
        *rho = correlation_pearson(rank, rank + n, n);
    free(rank);
    return result;
}

/* SPDX-License-Identifier: MIT */
/* components.h -- places words on the plane of the first two principal components of their vectors:
 * the two orthogonal directions in which the vectors, as seen from their mean, vary most.
 */
#ifndef SGNS_COMPONENTS_H
#define SGNS_COMPONENTS_H

#include "search/unit_rows.h"

/* Stores the coordinates of each word in map (count × 2), and in share (2) the share of the
 * variance that each of the two directions has, 0 to 1. The mean of the coordinates is 0; along
 * each direction, the one farthest from 0 is positive. The bits depend on the vectors alone. */
int components_project(const struct unit_rows *unit, float *map, double share[2],
                       struct error *err) MUST_USE;

#endif

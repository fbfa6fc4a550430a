/* SPDX-License-Identifier: MIT */
/* unit_rows.h -- the vectors of some words, each divided by its length, so that products are
 * cosines.
 */
#ifndef SGNS_UNIT_ROWS_H
#define SGNS_UNIT_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum { UNIT_LANES = 16 /* rows are padded to a multiple of these, for SIMD */ };

struct unit_rows {
    float *row; /* (count × stride), 64-byte aligned; the columns from dim on are zero */
    uint32_t count;
    size_t stride; /* floats from one row to the next */
};

/* Gathers the rows `id` (count) of `rows` (words × dim). A zero vector stays zero. On error there
 * is nothing to release. */
int unit_rows_init(struct unit_rows *unit, const float *rows, uint32_t dim, const uint32_t *id,
                   uint32_t count, struct error *err) MUST_USE;
void unit_rows_release(struct unit_rows *unit);

#endif

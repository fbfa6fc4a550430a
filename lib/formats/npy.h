/* SPDX-License-Identifier: MIT */
/* npy.h -- a matrix as NumPy saves it, with the words in a file of their own, one a line.
 *
 * The .npy format, versions 1.0 to 3.0: a magic number, version and length, a Python dictionary as
 * text, then the numbers row by row.
 */
#ifndef SGNS_NPY_H
#define SGNS_NPY_H

#include "formats/export.h"
#include "formats/import.h"

/* Whether a file that begins so is one. */
bool npy_begins(const char *data, size_t size);

/* Reads both inputs whole: float32, or float64 which is rounded to it, of either byte order, two
 * dimensions, in C order. */
int npy_import(struct input *in, struct input *words, struct import *to,
               struct error *err) MUST_USE;

int npy_export_header(struct export *to, struct error *err) MUST_USE;
int npy_export_row(struct export *to, uint32_t id, const float *row, struct error *err) MUST_USE;

#endif

/* SPDX-License-Identifier: MIT */
/* npy.h -- a matrix in a .npy file of NumPy, with the words in a second file (word_list.h).
 *
 * The .npy format, versions 1.0 to 3.0: a magic number, the version, the length of the header, the
 * header (a Python dictionary as text), then the numbers row by row.
 */
#ifndef SGNS_NPY_H
#define SGNS_NPY_H

#include "formats/export.h"
#include "formats/import.h"

/* Whether the first bytes of a file, `data` (size), have the magic number of .npy files. */
bool npy_has_magic(const char *data, size_t size);

/* Reads all of both inputs. The array must have two dimensions, in C or Fortran order, of float16,
 * float32, or float64, which is rounded to float32, in either byte order. An array in Fortran order
 * passes through a temporary file. */
int npy_import(struct input *in, struct input *words, struct import *to,
               struct error *err) MUST_USE;

int npy_export_header(struct export *to, struct error *err) MUST_USE;
int npy_export_row(struct export *to, uint32_t id, const float *row, struct error *err) MUST_USE;

#endif

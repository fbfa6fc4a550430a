/* SPDX-License-Identifier: MIT */
/* projector.h -- vectors as TensorBoard's projector loads them: a file of numbers with tabs between
 * them, a vector a line, and a file of the words (word_list.h).
 */
#ifndef SGNS_PROJECTOR_H
#define SGNS_PROJECTOR_H

#include "formats/export.h"
#include "formats/import.h"

/* Reads both inputs whole. */
int projector_import(struct input *in, struct input *words, struct import *to,
                     struct error *err) MUST_USE;

int projector_export_row(struct export *to, uint32_t id, const float *row,
                         struct error *err) MUST_USE;

#endif

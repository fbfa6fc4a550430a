/* SPDX-License-Identifier: MIT */
/* projector.h -- vectors for TensorBoard's projector: a file with one vector per line, its numbers
 * separated by tabs, and a second file with the words (word_list.h).
 */
#ifndef SGNS_PROJECTOR_H
#define SGNS_PROJECTOR_H

#include "formats/export.h"
#include "formats/import.h"

/* Reads all of both inputs. */
int projector_import(struct input *in, struct input *words, struct import *to,
                     struct error *err) MUST_USE;

int projector_export_row(struct export *to, uint32_t id, const float *row,
                         struct error *err) MUST_USE;

#endif

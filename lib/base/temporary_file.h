/* SPDX-License-Identifier: MIT */
/* temporary_file.h -- unnamed temporary files, for data that exceeds a memory limit.
 *
 * The file is in $TMPDIR, or /tmp if that is not set. It has no name, so its space is freed however
 * the process ends.
 */
#ifndef SGNS_TEMPORARY_FILE_H
#define SGNS_TEMPORARY_FILE_H

#include "base/error.h"

/* Returns a descriptor for reading and writing, which the caller closes; -1 and status 1 if the
 * directory does not permit a new file. */
int temporary_file_open(struct error *err) MUST_USE;

/* The directory of temporary files, for messages. */
const char *temporary_directory(void);

#endif

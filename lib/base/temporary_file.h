/* SPDX-License-Identifier: MIT */
/* temporary_file.h -- files without a name, for data that does not fit the memory it may use.
 *
 * The file stands in $TMPDIR, or /tmp, and has lost its name by the time it is opened: whatever
 * ends the process, its space comes back.
 */
#ifndef SGNS_TEMPORARY_FILE_H
#define SGNS_TEMPORARY_FILE_H

#include "base/error.h"

/* A descriptor to read and write, which is the caller's to close. −1 and status 1 where the folder
 * lets none be made. */
int temporary_file_open(struct error *err) MUST_USE;

/* How messages call such a file: the folder that it is in. */
const char *temporary_directory(void);

#endif

/* SPDX-License-Identifier: MIT */
/* quick_check.h -- checks a stream in a file by its preamble, header and END, without its data.
 *
 * For files of many gigabytes: only the header and the last frames are read, which are found from
 * the end of the file. The check detects a truncated or unfinished file, data after the end, and
 * damage in what it reads; it cannot detect damage in between.
 */
#ifndef SGNS_QUICK_CHECK_H
#define SGNS_QUICK_CHECK_H

#include <stdbool.h>

#include "base/error.h"

/* Checks the stream at the file offset of `fd`. Returns its kind, or -1. If END cannot be found
 * quickly (the input is not a regular file, or a frame at its end is larger than those these
 * programs write), and for counts, which are only a header, the whole stream is verified instead,
 * and *full becomes true. */
int quick_check(int fd, const char *name, bool *full, struct error *err) MUST_USE;

#endif

/* SPDX-License-Identifier: MIT */
/* quick_check.h -- a quick look at a stream in a file: its preamble, its header and its END, not its data.
 *
 * For files of many gigabytes: what is read is the header and the last frames, found from the end of
 * the file. It notices a file that was cut, left unfinished, or has something behind its end, and
 * damage in what it reads; damage in between it cannot notice.
 */
#ifndef SGNS_QUICK_CHECK_H
#define SGNS_QUICK_CHECK_H

#include <stdbool.h>

#include "base/error.h"

/* Returns the kind. Where END cannot be found quickly (the input is no regular file, or a frame at
 * its end is larger than these programs write), the whole stream is verified instead, and *whole
 * tells so. */
int quick_check(int fd, const char *name, bool *whole, struct error *err) MUST_USE;

#endif

/* SPDX-License-Identifier: MIT */
/* quick_check.h -- checks a stream in a file by its preamble, header and END, without its data.
 *
 * For files of many gigabytes: only the header and the last frames are read, which are found from
 * the end of the file. The check detects a truncated or unfinished file, data after the end, and
 * damage in what it reads; it cannot detect damage in between.
 */
#ifndef SGNS_QUICK_CHECK_H
#define SGNS_QUICK_CHECK_H

#include "check/stream_info.h"

/* Checks the stream at the file offset of `fd`. Returns its kind, or -1. On success fills `info`,
 * which must be zero before, except for the fields of a checkpoint; the caller releases it. If END
 * cannot be found quickly (the input is not a regular file, or a frame at its end is larger than
 * those these programs write), and for counts, which are only a header, the whole stream is
 * verified instead, and info->data_read becomes true. */
int quick_check(int fd, const char *name, struct stream_info *info, struct error *err) MUST_USE;

/* The same with the fields of a checkpoint, for which its vectors are read, too, but nothing after
 * them. */
int quick_info(int fd, const char *name, struct stream_info *info, struct error *err) MUST_USE;

#endif

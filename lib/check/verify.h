/* SPDX-License-Identifier: MIT */
/* verify.h -- reads a stream of any kind to its END, with every check that its readers make. */
#ifndef SGNS_VERIFY_H
#define SGNS_VERIFY_H

#include "stream/header.h"

/* Returns its kind if the stream is complete and valid; `header` (empty before) is then its header, the
 * caller's to release. */
int verify_stream(int fd, const char *name, struct header *header, struct error *err) MUST_USE;

#endif

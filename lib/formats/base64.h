/* SPDX-License-Identifier: MIT */
/* base64.h -- decoding of base64 (RFC 4648, section 4). */
#ifndef SGNS_BASE64_H
#define SGNS_BASE64_H

#include <stdbool.h>

#include "base/bytes.h"

/* Decodes `length` characters with their padding into `to`, whose old content is dropped. *valid is
 * whether they are base64. Returns 0, or -1 and status 1 if memory runs out. */
int base64_decode(const char *text, size_t length, struct bytes *to, bool *valid,
                  struct error *err) MUST_USE;

#endif

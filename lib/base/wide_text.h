/* SPDX-License-Identifier: MIT */
/* wide_text.h -- recognises text in UTF-16 and UTF-32, with and without a byte order mark. No text in
 * an encoding that extends ASCII is taken for one of these.
 */
#ifndef SGNS_WIDE_TEXT_H
#define SGNS_WIDE_TEXT_H

#include "base/probe.h"

bool wide_text_is_marked_utf16(struct probe p);
bool wide_text_is_utf16le(struct probe p);
bool wide_text_is_utf16be(struct probe p);
bool wide_text_is_utf32le(struct probe p);
bool wide_text_is_utf32be(struct probe p);

#endif

/* SPDX-License-Identifier: MIT */
/* system.h -- what operating systems do in different ways.
 *
 * No other file asks which system it is compiled for (tests/lint checks that). Linux is the system that
 * is tested; macOS and FreeBSD compile.
 */
#ifndef SGNS_SYSTEM_H
#define SGNS_SYSTEM_H

#include <locale.h>
#include <stddef.h>
#include <wchar.h>

/* Fills `data` with random bytes, at most 256. -1 and errno on error. */
int system_random(void *data, size_t size);

/* The number of processors that this process may use, at least 1. */
unsigned system_processors(void);

/* Asks for pages of `page` bytes, a power of two, to be used for `size` bytes of memory that begin at a
 * multiple of it. A wish: nothing depends on whether it is granted. */
void system_use_huge_pages(void *memory, size_t size, size_t page);

/* Opens a file without a name in `directory`, for reading and writing. -1 and errno on error, also if
 * the system or the file system has no such files. */
int system_open_unnamed(const char *directory);

/* The upper-case form of a character in a locale. */
wint_t system_upper_case(wint_t character, locale_t locale);

#endif

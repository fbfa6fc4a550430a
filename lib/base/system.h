/* SPDX-License-Identifier: MIT */
/* system.h -- functions whose implementation depends on the operating system.
 *
 * No other file tests which system it is compiled for (tests/lint checks that). The code is tested
 * on Linux; it compiles on macOS and FreeBSD.
 */
#ifndef SGNS_SYSTEM_H
#define SGNS_SYSTEM_H

#include <locale.h>
#include <stddef.h>
#include <stdint.h>
#include <wchar.h>

/* Fills `data` with `size` random bytes, at most 256. Returns 0, or -1 and errno on error. */
int system_random(void *data, size_t size);

/* The number of processors that this process may run on, at least 1; limits.h also knows quotas. */
unsigned system_processors(void);

/* The memory of the machine in bytes; UINT64_MAX if it cannot be determined. */
uint64_t system_memory(void);

/* Advises the system to use pages of `page` bytes, a power of two, for `size` bytes of memory,
 * whose address is a multiple of `page`. The system may ignore it. */
void system_use_huge_pages(void *memory, size_t size, size_t page);

/* Opens a new unnamed file in `directory`, for reading and writing. Returns the descriptor, or -1
 * and errno on error, also if the system or the file system does not support unnamed files. */
int system_open_unnamed(const char *directory);

/* The upper-case form of a character in a locale. */
wint_t system_upper_case(wint_t character, locale_t locale);

#endif

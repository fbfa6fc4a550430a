/* SPDX-License-Identifier: MIT */
#include "base/system.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>
#include <wctype.h>

#ifdef __APPLE__
#include <xlocale.h>
#endif
#ifdef __linux__
#include <sched.h>
#endif

int system_random(void *data, size_t size)
{
#ifdef __linux__
    return getrandom(data, size, 0) == (ssize_t)size ? 0 : -1;
#else
    return getentropy(data, size);
#endif
}

unsigned system_processors(void)
{
#ifdef __linux__
    cpu_set_t set;
    int count = sched_getaffinity(0, sizeof set, &set) < 0 ? 1 : CPU_COUNT(&set);
#else
    long count = sysconf(_SC_NPROCESSORS_ONLN);
#endif
    return count < 1 ? 1 : (unsigned)count;
}

void system_use_huge_pages(void *memory, size_t size, size_t page)
{
#ifdef MADV_HUGEPAGE
    madvise(memory, size / page * page, MADV_HUGEPAGE);
#else
    (void)memory;
    (void)size;
    (void)page;
#endif
}

int system_open_unnamed(const char *directory)
{
#ifdef O_TMPFILE
    return open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
#else
    (void)directory;
    errno = ENOTSUP;
    return -1;
#endif
}

wint_t system_upper_case(wint_t character, locale_t locale)
{
    return towupper_l(character, locale);
}

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
    /* The kernel wants a set with room for all of its processors. */
    for (int most = CPU_SETSIZE; most <= 1 << 16; most *= 2) {
        cpu_set_t *set = CPU_ALLOC((size_t)most);
        size_t size = CPU_ALLOC_SIZE((size_t)most);
        int allowed = set && sched_getaffinity(0, size, set) == 0 ? CPU_COUNT_S(size, set) : 0;
        CPU_FREE(set);
        if (allowed > 0)
            return (unsigned)allowed;
    }
#endif
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count < 1 ? 1 : (unsigned)count;
}

uint64_t system_memory(void)
{
    long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    return pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size : UINT64_MAX;
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

/* SPDX-License-Identifier: MIT */
#include "base/spool.h"

#include <errno.h>
#include <unistd.h>

#include "base/temporary_file.h"

int spool_open(struct spool *spool, struct error *err)
{
    *spool = (struct spool){.fd = temporary_file_open(err)};
    return spool->fd < 0 ? -1 : 0;
}

void spool_close(struct spool *spool)
{
    close(spool->fd);
}

int spool_clear(struct spool *spool, struct error *err)
{
    if (ftruncate(spool->fd, 0) < 0)
        return error_system(err, "cannot truncate a temporary file in '%s'", temporary_directory());
    spool->size = 0;
    return 0;
}

int spool_append(struct spool *spool, const void *data, size_t size, struct error *err)
{
    const char *from = data;
    while (size > 0) {
        ssize_t n = pwrite(spool->fd, from, size, (off_t)spool->size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_system(err, "cannot write to a temporary file in '%s'",
                                temporary_directory());
        from += n;
        size -= (size_t)n;
        spool->size += (uint64_t)n;
    }
    return 0;
}

int spool_read(const struct spool *spool, void *data, size_t size, uint64_t offset,
               struct error *err)
{
    char *to = data;
    while (size > 0) {
        ssize_t n = pread(spool->fd, to, size, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0) /* the file was truncated by someone else */
            errno = EIO;
        if (n <= 0)
            return error_system(err, "cannot read from a temporary file in '%s'",
                                temporary_directory());
        to += n;
        size -= (size_t)n;
        offset += (uint64_t)n;
    }
    return 0;
}

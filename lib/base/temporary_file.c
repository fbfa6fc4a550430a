/* SPDX-License-Identifier: MIT */
#include "base/temporary_file.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/system.h"

const char *temporary_directory(void)
{
    const char *directory = getenv("TMPDIR");
    return directory && *directory ? directory : "/tmp";
}

int temporary_file_open(struct error *err)
{
    int fd = system_open_unnamed(temporary_directory());
    if (fd >= 0)
        return fd;
    /* Not every system and file system supports unnamed files. */
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/sgns.XXXXXX", temporary_directory()) < (int)sizeof path)
        fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0)
        return error_system(err, "cannot create a temporary file in '%s'", temporary_directory());
    unlink(path);
    return fd;
}

/* SPDX-License-Identifier: MIT */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static const int deadly[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};

/* What a signal handler must find. */
static char temporary[PATH_MAX + 32];
static char target[PATH_MAX];
static volatile sig_atomic_t pending;

static void discard_and_die(int signal_number)
{
    output_discard();
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

static void catch_signals(void)
{
    for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++) {
        struct sigaction old, action = {.sa_handler = discard_and_die};
        sigemptyset(&action.sa_mask);
        /* A signal that the parent chose to ignore stays ignored. */
        if (sigaction(deadly[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL)
            sigaction(deadly[i], &action, NULL);
    }
}

void output_discard(void)
{
    if (pending)
        unlink(temporary);
    pending = 0;
}

bool output_is_same(const char *path, int fd)
{
    struct stat a, b;
    return (path ? stat(path, &a) : fstat(STDOUT_FILENO, &a)) == 0 && fstat(fd, &b) == 0 &&
           S_ISREG(a.st_mode) && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static int open_temporary(struct output *output, struct error *err)
{
    for (int attempt = 0; attempt < 100; attempt++) {
        uint32_t random;
        if (getrandom(&random, sizeof random, 0) != sizeof random)
            return error_system(err, "%s: no random name", output->name);
        snprintf(temporary, sizeof temporary, "%s.tmp.%08x", target, (unsigned)random);
        output->fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (output->fd >= 0) {
            pending = 1;
            catch_signals();
            return 0;
        }
        if (errno != EEXIST)
            break;
    }
    return error_system(err, "%s: cannot create '%s'", output->name, temporary);
}

int output_open(struct output *output, const char *path, int input, struct error *err)
{
    struct stat old;
    *output = (struct output){STDOUT_FILENO, path ? path : "stdout", NULL};
    if (output_is_same(path, input))
        return error_set(err, STATUS_USAGE, "%s: is the input as well", output->name);
    if (!path)
        return 0;
    bool exists = stat(path, &old) == 0;
    if (exists && !S_ISREG(old.st_mode)) {
        output->fd = open(path, O_WRONLY | O_CLOEXEC);
        return output->fd < 0 ? error_system(err, "%s: cannot open", path) : 0;
    }
    /* A symbolic link to a file stays one: the file is what is replaced. */
    if (exists ? !realpath(path, target) : strlen(path) >= sizeof target)
        return error_system(err, "%s: cannot open", path);
    if (!exists)
        strcpy(target, path);
    return open_temporary(output, err);
}

static int sync_directory(const char *name, struct error *err)
{
    char copy[PATH_MAX];
    strcpy(copy, target);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return error_system(err, "%s: cannot open its directory", name);
    int failed = fsync(fd) < 0 && errno != EINVAL && errno != EROFS;
    if (failed)
        error_system(err, "%s: sync of its directory failed", name);
    close(fd);
    return failed ? -1 : 0;
}

int output_text(struct output *output, struct error *err)
{
    output->text = fdopen(output->fd, "w");
    return output->text ? 0 : error_system(err, "%s: cannot write", output->name);
}

int output_commit(struct output *output, struct error *err)
{
    if (output->text && (fflush(output->text) != 0 || ferror(output->text)))
        return error_system(err, "%s: write failed", output->name);
    if (pending && fsync(output->fd) < 0)
        return error_system(err, "%s: sync failed", output->name);
    if ((output->text ? fclose(output->text) : close(output->fd)) < 0)
        return error_system(err, "%s: close failed", output->name);
    if (!pending)
        return 0;
    if (rename(temporary, target) < 0)
        return error_system(err, "%s: cannot rename '%s'", output->name, temporary);
    pending = 0;
    return sync_directory(output->name, err);
}

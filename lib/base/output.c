/* SPDX-License-Identifier: MIT */
#include "base/output.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/system.h"

/* Named files under way, where a signal handler finds them; atomic, because a checkpoint is written by
 * a thread of its own. */
static struct unfinished {
    char temporary[PATH_MAX + 32];
    char target[PATH_MAX];
    atomic_bool pending;
} unfinished[OUTPUTS_MAX];

static atomic_bool discarded; /* nothing more is to be created */

void output_discard(void)
{
    discarded = true;
    for (int i = 0; i < OUTPUTS_MAX; i++) {
        if (unfinished[i].pending)
            unlink(unfinished[i].temporary);
        unfinished[i].pending = false;
    }
}

static struct unfinished *unfinished_new(void)
{
    struct unfinished *file = unfinished;
    while (file->pending)
        if (++file == unfinished + OUTPUTS_MAX)
            abort(); /* a program that opens more than OUTPUTS_MAX */
    return file;
}

bool output_is_same(const char *path, int fd)
{
    struct stat a, b;
    return (path ? stat(path, &a) : fstat(STDOUT_FILENO, &a)) == 0 && fstat(fd, &b) == 0 &&
           S_ISREG(a.st_mode) && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* The name of a file, which need not exist, without links in its folder, into name (PATH_MAX). */
static bool absolute(const char *path, char *name)
{
    char copy[2][PATH_MAX], folder[PATH_MAX];
    if (realpath(path, name))
        return true;
    snprintf(copy[0], PATH_MAX, "%s", path);
    snprintf(copy[1], PATH_MAX, "%s", path);
    if (!realpath(dirname(copy[0]), folder))
        return false;
    return snprintf(name, PATH_MAX, "%s/%s", folder, basename(copy[1])) < PATH_MAX;
}

bool output_same_name(const char *a, const char *b)
{
    char name[2][PATH_MAX];
    return a && b && absolute(a, name[0]) && absolute(b, name[1]) && strcmp(name[0], name[1]) == 0;
}

static int open_temporary(struct output *output, struct unfinished *file, struct error *err)
{
    for (int attempt = 0; attempt < 100; attempt++) {
        uint32_t random;
        if (system_random(&random, sizeof random) < 0)
            return error_system(err, "%s: no random name", output->name);
        snprintf(file->temporary, sizeof file->temporary, "%s.tmp.%08x", file->target,
                 (unsigned)random);
        /* Before it is there: a signal may come at once, also on another thread. */
        file->pending = true;
        output->fd =
            discarded ? -1 : open(file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (discarded)
            unlink(file->temporary);
        if (output->fd >= 0) {
            output->file = file;
            return 0;
        }
        file->pending = false;
        if (errno != EEXIST)
            break;
    }
    return error_system(err, "%s: cannot create '%s'", output->name, file->temporary);
}

int output_open(struct output *output, const char *path, int input, struct error *err)
{
    struct stat old;
    *output = (struct output){STDOUT_FILENO, path ? path : "stdout", NULL, NULL};
    if (output_is_same(path, input))
        return error_set(err, STATUS_USAGE, "%s: is the input as well", output->name);
    if (!path)
        return 0;
    bool exists = stat(path, &old) == 0;
    if (exists && !S_ISREG(old.st_mode)) {
        output->fd = open(path, O_WRONLY | O_CLOEXEC);
        return output->fd < 0 ? error_system(err, "%s: cannot open", path) : 0;
    }
    struct unfinished *file = unfinished_new();
    /* A symbolic link to a file stays one: the file is what is replaced. */
    if (exists ? !realpath(path, file->target) : strlen(path) >= sizeof file->target)
        return error_system(err, "%s: cannot open", path);
    if (!exists)
        strcpy(file->target, path);
    return open_temporary(output, file, err);
}

static int sync_whole(int fd)
{
    int result;
    do
        result = fsync(fd);
    while (result < 0 && errno == EINTR);
    return result;
}

/* Before the rename: what fails behind that comes too late for the file that was there. */
static int open_directory(const struct output *output, struct error *err)
{
    char copy[PATH_MAX];
    strcpy(copy, output->file->target);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? error_system(err, "%s: cannot open its directory", output->name) : fd;
}

static int sync_directory(const struct output *output, int fd, struct error *err)
{
    int failed = sync_whole(fd) < 0 && errno != EINVAL && errno != EROFS;
    if (failed)
        error_system(err, "%s: sync of its directory failed", output->name);
    return failed ? -1 : 0;
}

int output_text(struct output *output, struct error *err)
{
    output->text = fdopen(output->fd, "w");
    return output->text ? 0 : error_system(err, "%s: cannot write", output->name);
}

static int flush(const struct output *output, struct error *err)
{
    if (output->text && (fflush(output->text) != 0 || ferror(output->text)))
        return error_system(err, "%s: write failed", output->name);
    if (output->file && sync_whole(output->fd) < 0)
        return error_system(err, "%s: sync failed", output->name);
    return 0;
}

/* Puts a temporary whose content is on disk in the place of the file that it is for. */
static int put_in_place(const struct output *output, struct error *err)
{
    int directory = open_directory(output, err);
    if (directory < 0)
        return -1;
    int result;
    if (rename(output->file->temporary, output->file->target) < 0)
        result = error_system(err, "%s: cannot rename '%s'", output->name, output->file->temporary);
    else
        result = sync_directory(output, directory, err);
    close(directory);
    return result;
}

/* Everything to disk, and the descriptor closed, also on error. */
static int finish(struct output *output, struct error *err)
{
    int result = flush(output, err);
    bool closed = (output->text ? fclose(output->text) : close(output->fd)) == 0;
    if (result == 0 && !closed)
        result = error_system(err, "%s: close failed", output->name);
    return result;
}

/* Under its name, where all of it is on disk. */
static int publish(struct output *output, int result, struct error *err)
{
    struct unfinished *file = output->file;
    if (!file)
        return result;
    if (result == 0)
        result = put_in_place(output, err);
    if (result < 0)
        unlink(file->temporary); /* behind the rename there is nothing of that name */
    file->pending = false;       /* from here on it may be another thread's */
    return result;
}

int output_commit(struct output *output, struct error *err)
{
    return publish(output, finish(output, err), err);
}

/* Removes what an output is to replace. */
static int remove_old(const struct output *output, struct error *err)
{
    if (!output->file || unlink(output->file->target) == 0 || errno == ENOENT)
        return 0;
    return error_system(err, "%s: cannot remove", output->name);
}

int output_commit_both(struct output *main_one, struct output *side_task, struct error *err)
{
    struct error second;
    int result = finish(main_one, err);
    if (finish(side_task, result < 0 ? &second : err) < 0 || result < 0 ||
        remove_old(main_one, err) < 0)
        result = -1;
    result = publish(side_task, result, err);
    return publish(main_one, result, err);
}

void output_drop(struct output *output)
{
    if (output->text)
        fclose(output->text);
    else
        close(output->fd);
    if (!output->file)
        return;
    unlink(output->file->temporary);
    output->file->pending = false;
}

/* Whether a file that is open still has this name: another process may have removed it between open
 * and flock. */
static bool has_name(int fd, const char *name)
{
    struct stat open_one, named;
    return fstat(fd, &open_one) == 0 && stat(name, &named) == 0 &&
           open_one.st_dev == named.st_dev && open_one.st_ino == named.st_ino;
}

/* Opens the lock's file, which may be there; *made: it was not. */
static int open_lock(const char *name, bool *made)
{
    int flags = O_WRONLY | O_CREAT | O_CLOEXEC;
    int fd = open(name, flags | O_EXCL, 0666);
    *made = fd >= 0;
    return *made || errno != EEXIST ? fd : open(name, flags, 0666);
}

/* Locks it. Returns 1, or 0 where it is no longer the one of that name, or −1. */
static int try_lock(struct output *lock, struct error *err)
{
    const char *name = lock->file->temporary;
    bool made;
    lock->fd = open_lock(name, &made);
    if (lock->fd < 0)
        return error_system(err, "%s: cannot create", name);
    if (flock(lock->fd, LOCK_EX | LOCK_NB) == 0) {
        if (has_name(lock->fd, name))
            return 1;
        close(lock->fd);
        return 0;
    }
    if (errno == EWOULDBLOCK) {
        error_set(err, STATUS_FAILED, "%s: is being written by another process", lock->name);
    } else {
        error_system(err, "%s: cannot lock", name);
        if (made)
            unlink(name);
    }
    close(lock->fd);
    return -1;
}

int output_lock(struct output *lock, const char *path, struct error *err)
{
    struct unfinished *file = unfinished_new();
    *lock = (struct output){-1, path, NULL, file};
    if (snprintf(file->temporary, sizeof file->temporary, "%s.lock", path) >=
        (int)sizeof file->temporary)
        return error_set(err, STATUS_FAILED, "%s: too long a name", path);
    /* No signal between having it and knowing so: it would leave it there. */
    sigset_t all, old;
    int locked;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    while ((locked = try_lock(lock, err)) == 0)
        ;
    file->pending = locked > 0;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return locked > 0 ? 0 : -1;
}

void output_unlock(struct output *lock)
{
    unlink(lock->file->temporary);
    lock->file->pending = false;
    close(lock->fd);
}

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

/* Files that a signal handler must remove. Static, so that the handler finds them; atomic, because
 * another thread writes checkpoints. */
static struct pending_file {
    char temporary[PATH_MAX + 32]; /* also the name of a lock file */
    char target[PATH_MAX];
    atomic_bool active; /* `temporary` may exist */
} pending_files[OUTPUTS_MAX];

static atomic_bool discarded; /* no more files may be created */

void output_discard(void)
{
    discarded = true;
    for (int i = 0; i < OUTPUTS_MAX; i++) {
        if (pending_files[i].active)
            unlink(pending_files[i].temporary);
        pending_files[i].active = false;
    }
}

static struct pending_file *unused_pending_file(void)
{
    struct pending_file *file = pending_files;
    while (file->active)
        if (++file == pending_files + OUTPUTS_MAX)
            abort(); /* the program opens more than OUTPUTS_MAX */
    return file;
}

bool output_is_same(const char *path, int fd)
{
    struct stat a, b;
    return (path ? stat(path, &a) : fstat(STDOUT_FILENO, &a)) == 0 && fstat(fd, &b) == 0 &&
           S_ISREG(a.st_mode) && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* Writes the absolute name of a file into name (PATH_MAX), with symbolic links resolved. If the
 * file does not exist, resolves those of its directory. */
static bool absolute_name(const char *path, char *name)
{
    char copy[2][PATH_MAX], directory[PATH_MAX];
    if (realpath(path, name))
        return true;
    snprintf(copy[0], PATH_MAX, "%s", path);
    snprintf(copy[1], PATH_MAX, "%s", path);
    if (!realpath(dirname(copy[0]), directory))
        return false;
    return snprintf(name, PATH_MAX, "%s/%s", directory, basename(copy[1])) < PATH_MAX;
}

bool output_same_name(const char *a, const char *b)
{
    char name[2][PATH_MAX];
    return a && b && absolute_name(a, name[0]) && absolute_name(b, name[1]) &&
           strcmp(name[0], name[1]) == 0;
}

/* `permissions` are limited by the umask. */
static int open_temporary(struct output *output, struct pending_file *file, mode_t permissions,
                          struct error *err)
{
    for (int attempt = 0; attempt < 100; attempt++) {
        uint32_t random;
        if (system_random(&random, sizeof random) < 0)
            return error_system(err, "%s: cannot generate a random file name", output->name);
        snprintf(file->temporary, sizeof file->temporary, "%s.tmp.%08x", file->target,
                 (unsigned)random);
        /* Before open(): a signal can arrive at any time, also on another thread. */
        file->active = true;
        output->fd =
            discarded ? -1
                      : open(file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, permissions);
        if (discarded)
            unlink(file->temporary);
        if (output->fd >= 0) {
            output->file = file;
            return 0;
        }
        file->active = false;
        if (errno != EEXIST)
            break;
    }
    return error_system(err, "%s: cannot create '%s'", output->name, file->temporary);
}

/* Gives a new file, which only its owner can read, the permissions of the file that it will
 * replace, and its owner and group if the process may do that. Bits for a group that it cannot be
 * given are limited to what everybody has. */
static int take_permissions(const struct output *output, const struct stat *old, struct error *err)
{
    struct stat new;
    mode_t mode = old->st_mode & 0777;
    if (fstat(output->fd, &new) < 0)
        return error_system(err, "%s: cannot examine", output->name);
    if (new.st_gid != old->st_gid && fchown(output->fd, (uid_t)-1, old->st_gid) < 0)
        mode &= ~(mode_t)070 | (mode & 7) << 3;
    if (new.st_uid != old->st_uid && fchown(output->fd, old->st_uid, (gid_t)-1) < 0)
        errno = 0; /* the file is the user's, then */
    /* A file system without permissions refuses to change them, and has none to protect. */
    if (fchmod(output->fd, mode) < 0 && errno != EPERM && errno != ENOTSUP)
        return error_system(err, "%s: cannot set permissions", output->name);
    return 0;
}

int output_open(struct output *output, const char *path, int input, struct error *err)
{
    struct stat old;
    *output = (struct output){STDOUT_FILENO, path ? path : "stdout", NULL, NULL};
    if (output_is_same(path, input))
        return error_set(err, STATUS_USAGE, "%s: input and output are the same file", output->name);
    if (!path)
        return 0;
    bool exists = stat(path, &old) == 0;
    if (exists && !S_ISREG(old.st_mode)) {
        output->fd = open(path, O_WRONLY | O_CLOEXEC);
        return output->fd < 0 ? error_system(err, "%s: cannot open", path) : 0;
    }
    struct pending_file *file = unused_pending_file();
    /* A symbolic link is kept: the file that it points to is replaced. */
    if (exists ? !realpath(path, file->target) : strlen(path) >= sizeof file->target)
        return error_system(err, "%s: cannot open", path);
    if (!exists)
        strcpy(file->target, path);
    if (exists && access(file->target, W_OK) < 0)
        return error_system(err, "%s: cannot write", path);
    if (open_temporary(output, file, exists ? 0600 : 0666, err) < 0)
        return -1;
    if (!exists || take_permissions(output, &old, err) == 0)
        return 0;
    output_drop(output);
    return -1;
}

static int fsync_uninterrupted(int fd)
{
    int result;
    do
        result = fsync(fd);
    while (result < 0 && errno == EINTR);
    return result;
}

/* Called before the rename: after it, a failure could not keep the old file any more. */
static int open_directory(const struct output *output, struct error *err)
{
    char copy[PATH_MAX];
    strcpy(copy, output->file->target);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? error_system(err, "%s: cannot open its directory", output->name) : fd;
}

static int sync_directory(const struct output *output, int fd, struct error *err)
{
    int failed = fsync_uninterrupted(fd) < 0 && errno != EINVAL && errno != EROFS;
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
    if (output->file && fsync_uninterrupted(output->fd) < 0)
        return error_system(err, "%s: sync failed", output->name);
    return 0;
}

/* Renames a temporary file whose content is on disk to its target. */
static int rename_to_target(const struct output *output, struct error *err)
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

/* Writes everything to disk and closes the descriptor, also on error. */
static int flush_and_close(struct output *output, struct error *err)
{
    int result = flush(output, err);
    bool closed = (output->text ? fclose(output->text) : close(output->fd)) == 0;
    if (result == 0 && !closed)
        result = error_system(err, "%s: close failed", output->name);
    return result;
}

/* Renames the temporary file, if there is one and `result` is 0; else removes it. Returns the new
 * result. */
static int publish(struct output *output, int result, struct error *err)
{
    struct pending_file *file = output->file;
    if (!file)
        return result;
    if (result == 0)
        result = rename_to_target(output, err);
    if (result < 0)
        unlink(file->temporary); /* fails harmlessly if it was renamed */
    file->active = false;        /* now another thread can use it */
    return result;
}

int output_commit(struct output *output, struct error *err)
{
    return publish(output, flush_and_close(output, err), err);
}

/* Removes the existing file that an output will replace. */
static int remove_target(const struct output *output, struct error *err)
{
    if (!output->file || unlink(output->file->target) == 0 || errno == ENOENT)
        return 0;
    return error_system(err, "%s: cannot remove", output->name);
}

int output_commit_both(struct output *primary, struct output *secondary, struct error *err)
{
    struct error ignored; /* the first error is reported */
    int result = flush_and_close(primary, err);
    if (flush_and_close(secondary, result < 0 ? &ignored : err) < 0 || result < 0 ||
        remove_target(primary, err) < 0)
        result = -1;
    result = publish(secondary, result, err);
    return publish(primary, result, err);
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
    output->file->active = false;
}

/* Whether an open file still has this name: another process may have removed it between open() and
 * flock(). */
static bool still_has_name(int fd, const char *name)
{
    struct stat by_fd, by_name;
    return fstat(fd, &by_fd) == 0 && stat(name, &by_name) == 0 && by_fd.st_dev == by_name.st_dev &&
           by_fd.st_ino == by_name.st_ino;
}

/* Opens or creates the lock file. */
static int open_lock(const char *name, bool *created)
{
    int flags = O_WRONLY | O_CREAT | O_CLOEXEC;
    int fd = open(name, flags | O_EXCL, 0666);
    *created = fd >= 0;
    return *created || errno != EEXIST ? fd : open(name, flags, 0666);
}

enum lock_result { LOCK_FAILED, LOCK_RETRY, LOCK_HELD, LOCK_UNSUPPORTED };

/* LOCK_RETRY: the file that it locked has lost its name. */
static enum lock_result try_lock(struct output *lock, struct error *err)
{
    const char *name = lock->file->temporary;
    bool created;
    lock->fd = open_lock(name, &created);
    if (lock->fd < 0) {
        error_system(err, "%s: cannot create", name);
        return LOCK_FAILED;
    }
    enum lock_result result;
    if (flock(lock->fd, LOCK_EX | LOCK_NB) == 0) {
        if (still_has_name(lock->fd, name))
            return LOCK_HELD;
        result = LOCK_RETRY;
    } else if (errno == EWOULDBLOCK) {
        error_set(err, STATUS_FAILED, "%s: is being written by another process", lock->name);
        result = LOCK_FAILED;
    } else {
        if (created)
            unlink(name);
        result = LOCK_UNSUPPORTED;
    }
    close(lock->fd);
    return result;
}

int output_lock(struct output *lock, const char *path, struct error *err)
{
    struct pending_file *file = unused_pending_file();
    *lock = (struct output){-1, path, NULL, file};
    if (snprintf(file->temporary, sizeof file->temporary, "%s.lock", path) >=
        (int)sizeof file->temporary)
        return error_set(err, STATUS_FAILED, "%s: file name too long", path);
    /* A signal between try_lock() and `active` would leave the lock file behind. */
    sigset_t all, old;
    enum lock_result result;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    while ((result = try_lock(lock, err)) == LOCK_RETRY)
        ;
    file->active = result == LOCK_HELD;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (result == LOCK_UNSUPPORTED)
        lock->file = NULL;
    return result == LOCK_FAILED ? -1 : result == LOCK_HELD;
}

void output_unlock(struct output *lock)
{
    if (!lock->file)
        return;
    unlink(lock->file->temporary);
    lock->file->active = false;
    close(lock->fd);
}

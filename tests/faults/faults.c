/* SPDX-License-Identifier: MIT */
/* faults -- a library for LD_PRELOAD that makes system calls fail in realistic ways.
 *
 *     FAULTS=CALL:N      the N-th call of this kind fails, with a suitable errno
 *     FAULTS=CALL:N+     so do all later ones
 *     FAULTS=short       every read and write transfers one byte; after many calls, more
 *     FAULTS=interrupt   every other read, write, sync and poll fails with EINTR
 *     FAULTS=count       nothing fails
 *
 * With FAULTS_PROCESSORS=N the process seems to be allowed to run on N processors. With
 * FAULTS_CLOCK=N the monotonic clock gains N seconds each time that it is read, and none otherwise.
 *
 * The descriptor FAULTS_REPORT gets a line "failed CALL" for the first call that failed and,
 * after main, a line "CALL COUNT" for each kind. The C library's streams call the kernel
 * directly, bypassing preloaded libraries; those that the programs open are therefore replaced
 * by streams that use the calls below. Writes to standard error never fail: it is needed for
 * messages. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum call {
    MEMORY,
    READ,
    WRITE,
    SYNC,
    CLOSE,
    RENAME,
    OPEN,
    THREAD,
    TRUNCATE,
    LOCK,
    SEEK,
    RANDOM,
    POLL,
    CALLS
};

static const struct {
    const char *name;
    int error;
} calls[CALLS] = {
    [MEMORY] = {"memory", ENOMEM}, [READ] = {"read", EIO},        [WRITE] = {"write", ENOSPC},
    [SYNC] = {"sync", EIO},        [CLOSE] = {"close", EIO},      [RENAME] = {"rename", EACCES},
    [OPEN] = {"open", EMFILE},     [THREAD] = {"thread", EAGAIN}, [TRUNCATE] = {"truncate", EIO},
    [LOCK] = {"lock", ENOLCK},     [SEEK] = {"seek", EIO},        [RANDOM] = {"random", ENOSYS},
    [POLL] = {"poll", ENOMEM},
};

static atomic_ulong count[CALLS];
static enum call chosen = CALLS;
static unsigned long first, last; /* of the calls that fail */
static bool counting, shortened, interrupted;
static int report = -1;
static atomic_bool reported;

/* The next function of this name after this library, as dlsym finds it. */
#define NEXT(name)                                                                                 \
    static __typeof__(&name) next_##name;                                                          \
    static __typeof__(&name) real_##name(void)                                                     \
    {                                                                                              \
        if (!next_##name) {                                                                        \
            void *symbol = dlsym(RTLD_NEXT, #name);                                                \
            memcpy(&next_##name, &symbol, sizeof symbol);                                          \
        }                                                                                          \
        return next_##name;                                                                        \
    }

NEXT(malloc)
NEXT(calloc)
NEXT(realloc)
NEXT(aligned_alloc)
NEXT(posix_memalign)
NEXT(read)
NEXT(pread)
NEXT(write)
NEXT(pwrite)
NEXT(fsync)
NEXT(close)
NEXT(rename)
NEXT(open)
NEXT(mkostemp)
NEXT(pthread_create)
NEXT(sched_getaffinity)
NEXT(clock_gettime)
NEXT(ftruncate)
NEXT(flock)
NEXT(lseek)
NEXT(getrandom)
NEXT(poll)
NEXT(fileno)

static void write_report(const char *format, ...)
{
    char line[100];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (report >= 0 && real_write()(report, line, (size_t)length) < 0)
        abort();
}

__attribute__((constructor)) static void start(void)
{
    const char *what = getenv("FAULTS"), *fd = getenv("FAULTS_REPORT");
    if (!what)
        return;
    if (fd)
        report = atoi(fd);
    shortened = strcmp(what, "short") == 0;
    interrupted = strcmp(what, "interrupt") == 0;
    const char *colon = strchr(what, ':');
    if (colon) {
        chosen = 0;
        while (chosen < CALLS && (strncmp(calls[chosen].name, what, (size_t)(colon - what)) != 0 ||
                                  calls[chosen].name[colon - what] != 0))
            chosen++;
        char *end;
        first = last = strtoul(colon + 1, &end, 10);
        if (*end == '+')
            last = -1ul;
    }
    if (colon ? chosen == CALLS || first == 0
              : !shortened && !interrupted && strcmp(what, "count") != 0)
        abort(); /* an error in the caller of this library */
    counting = true;
}

__attribute__((destructor)) static void end(void)
{
    counting = false;
    for (int i = 0; i < CALLS; i++)
        write_report("%s %lu\n", calls[i].name, atomic_load(&count[i]));
}

/* Counts a call. Returns whether it must fail, and sets errno in that case. */
static bool fails(enum call call)
{
    if (!counting)
        return false;
    unsigned long n = atomic_fetch_add(&count[call], 1) + 1;
    if (call != chosen || n < first || n > last)
        return false;
    if (!atomic_exchange(&reported, true))
        write_report("failed %s\n", calls[call].name);
    errno = calls[call].error;
    return true;
}

/* Whether this call is interrupted: of each kind, every other call of a thread. */
static bool interrupts(enum call call)
{
    static _Thread_local bool before[CALLS];
    if (!interrupted || !counting)
        return false;
    before[call] = !before[call];
    if (before[call])
        errno = EINTR;
    return before[call];
}

/* One byte at first, later more: otherwise spilling to disk would take minutes. */
static size_t shorten(size_t size)
{
    static atomic_ulong calls_so_far;
    if (!shortened || !counting)
        return size;
    size_t most = atomic_fetch_add(&calls_so_far, 1) < 200000 ? 1 : 1000;
    return size < most ? size : most;
}

/* ---- memory ---- */

void *malloc(size_t size)
{
    return fails(MEMORY) ? NULL : real_malloc()(size);
}

void *calloc(size_t n, size_t size)
{
    return fails(MEMORY) ? NULL : real_calloc()(n, size);
}

void *realloc(void *old, size_t size)
{
    return fails(MEMORY) ? NULL : real_realloc()(old, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return fails(MEMORY) ? NULL : real_aligned_alloc()(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size)
{
    return fails(MEMORY) ? ENOMEM : real_posix_memalign()(memory, alignment, size);
}

/* ---- files ---- */

ssize_t read(int fd, void *to, size_t size)
{
    return fails(READ) || interrupts(READ) ? -1 : real_read()(fd, to, shorten(size));
}

ssize_t pread(int fd, void *to, size_t size, off_t offset)
{
    return fails(READ) || interrupts(READ) ? -1 : real_pread()(fd, to, shorten(size), offset);
}

ssize_t write(int fd, const void *from, size_t size)
{
    if (fd != STDERR_FILENO && (fails(WRITE) || interrupts(WRITE)))
        return -1;
    return real_write()(fd, from, shorten(size));
}

ssize_t pwrite(int fd, const void *from, size_t size, off_t offset)
{
    return fails(WRITE) || interrupts(WRITE) ? -1 : real_pwrite()(fd, from, shorten(size), offset);
}

int fsync(int fd)
{
    return fails(SYNC) || interrupts(SYNC) ? -1 : real_fsync()(fd);
}

/* As on Linux, the descriptor is closed even if this fails. */
int close(int fd)
{
    bool failed = fails(CLOSE);
    int saved = errno, result = real_close()(fd);
    errno = failed ? saved : errno;
    return failed ? -1 : result;
}

int rename(const char *from, const char *to)
{
    return fails(RENAME) ? -1 : real_rename()(from, to);
}

int open(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;
    va_end(args);
    return fails(OPEN) ? -1 : real_open()(path, flags, mode);
}

int mkostemp(char *path, int flags)
{
    return fails(OPEN) ? -1 : real_mkostemp()(path, flags);
}

int ftruncate(int fd, off_t size)
{
    return fails(TRUNCATE) ? -1 : real_ftruncate()(fd, size);
}

int flock(int fd, int operation)
{
    return fails(LOCK) ? -1 : real_flock()(fd, operation);
}

off_t lseek(int fd, off_t offset, int from)
{
    return fails(SEEK) ? -1 : real_lseek()(fd, offset, from);
}

int poll(struct pollfd *fds, nfds_t n, int timeout)
{
    return fails(POLL) || interrupts(POLL) ? -1 : real_poll()(fds, n, timeout);
}

/* ---- streams ---- */

enum { STREAMS = 8 };

static struct stream {
    FILE *file;
    int fd;
} streams[STREAMS];

static ssize_t stream_read(void *stream, char *to, size_t size)
{
    return fails(READ) ? -1 : real_read()(((struct stream *)stream)->fd, to, shorten(size));
}

/* Writes everything, like the C library's own streams. Never interrupted: such streams treat
 * EINTR as a failure, but with the programs' signal handlers the kernel restarts calls
 * (SA_RESTART). */
static ssize_t stream_write(void *stream, const char *from, size_t size)
{
    size_t done = 0;
    while (done < size) {
        if (fails(WRITE))
            return (ssize_t)done;
        ssize_t n = real_write()(((struct stream *)stream)->fd, from + done, shorten(size - done));
        if (n < 0)
            return (ssize_t)done;
        done += (size_t)n;
    }
    return (ssize_t)done;
}

static int stream_seek(void *stream, off64_t *offset, int from)
{
    off_t at = lseek(((struct stream *)stream)->fd, *offset, from);
    *offset = at;
    return at < 0 ? -1 : 0;
}

static int stream_close(void *stream)
{
    struct stream *s = stream;
    s->file = NULL;
    return close(s->fd);
}

FILE *fdopen(int fd, const char *mode)
{
    struct stream *s = streams;
    while (s->file)
        if (++s == streams + STREAMS)
            abort();
    s->fd = fd;
    s->file = fopencookie(
        s, mode, (cookie_io_functions_t){stream_read, stream_write, stream_seek, stream_close});
    return s->file;
}

FILE *fopen(const char *path, const char *mode)
{
    int flags = strchr(mode, '+') ? O_RDWR : *mode == 'r' ? O_RDONLY : O_WRONLY;
    flags |= *mode == 'w' ? O_CREAT | O_TRUNC : *mode == 'a' ? O_CREAT | O_APPEND : 0;
    int fd = open(path, flags | O_CLOEXEC, 0666);
    FILE *file = fd < 0 ? NULL : fdopen(fd, mode);
    if (fd >= 0 && !file)
        real_close()(fd);
    return file;
}

int fileno(FILE *file)
{
    for (int i = 0; i < STREAMS; i++)
        if (streams[i].file == file)
            return streams[i].fd;
    return real_fileno()(file);
}

/* ---- other calls ---- */

int sched_getaffinity(pid_t process, size_t size, cpu_set_t *set)
{
    const char *processors = getenv("FAULTS_PROCESSORS");
    if (!processors)
        return real_sched_getaffinity()(process, size, set);
    if ((size_t)atol(processors) > 8 * size) {
        errno = EINVAL; /* as from a kernel with more processors */
        return -1;
    }
    CPU_ZERO_S(size, set);
    for (long i = 0; i < atol(processors); i++)
        CPU_SET_S((size_t)i, size, set);
    return 0;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    static atomic_long reads;
    const char *gain = getenv("FAULTS_CLOCK");
    int result = real_clock_gettime()(clock, now);
    if (gain && clock == CLOCK_MONOTONIC)
        *now = (struct timespec){atol(gain) * ++reads, 0};
    return result;
}

ssize_t getrandom(void *to, size_t size, unsigned flags)
{
    return fails(RANDOM) ? -1 : real_getrandom()(to, size, flags);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*work)(void *),
                   void *data)
{
    return fails(THREAD) ? EAGAIN : real_pthread_create()(thread, attributes, work, data);
}

/* SPDX-License-Identifier: MIT */
/* Measures time and memory of a command: measure LOG COMMAND [ARGUMENT...]
 *
 * Runs the command and appends to LOG, separated by tabs: elapsed seconds, CPU seconds, peak
 * memory in megabytes (10^6). Exits with the command's status. This is a C program because the
 * kernel includes the memory of the process that starts a command in the command's: here that is
 * negligible. / */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

static int fail(const char *what)
{
    fprintf(stderr, "measure: %s: %s\n", what, strerror(errno));
    return 1;
}

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

/* A single write, so that lines from the programs of a pipe are not mixed. */
static int append(const char *path, double elapsed, const struct rusage *used)
{
    char line[128];
    int length = snprintf(line, sizeof line, "%.4f\t%.4f\t%.3f\n", elapsed,
                          seconds(used->ru_utime) + seconds(used->ru_stime),
                          (double)used->ru_maxrss * 1024 / 1e6);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (fd < 0)
        return -1;
    ssize_t written = write(fd, line, (size_t)length);
    return close(fd) == 0 && written == length ? 0 : -1;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fputs("usage: measure LOG COMMAND [ARGUMENT...]\n", stderr);
        return 2;
    }
    double start = clock_seconds();
    pid_t child = fork();
    if (child < 0)
        return fail("fork");
    if (child == 0) {
        execvp(argv[2], argv + 2);
        _exit(fail(argv[2]) + 126);
    }
    int status;
    struct rusage used;
    while (wait4(child, &status, 0, &used) < 0)
        if (errno != EINTR)
            return fail("wait");
    if (append(argv[1], clock_seconds() - start, &used) < 0)
        return fail(argv[1]);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

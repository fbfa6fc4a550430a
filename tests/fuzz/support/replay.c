/* SPDX-License-Identifier: MIT */
/* Runs a target on files, and on all files in directories, without libFuzzer: usage: TARGET PATH...
 * Prints the number of files. If the target fails, it aborts the process; the last line is then the
 * name of the current file. */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz.h"

int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

/* Required by the targets, but not used here. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size)
{
    (void)data, (void)max_size;
    return size;
}

static unsigned files;
static FILE *report; /* the original standard output, in case a target replaces it */

static _Noreturn void unreadable(const char *path)
{
    perror(path);
    exit(1);
}

/* The buffer has exactly the size of the input, so that reads beyond its end are detected. */
static void run_file(const char *path, size_t size)
{
    FILE *file = fopen(path, "r");
    uint8_t *data = malloc(size ? size : 1);
    if (!file || !data || fread(data, 1, size, file) != size)
        unreadable(path);
    fclose(file);
    fprintf(report, "%s\r", path);
    LLVMFuzzerTestOneInput(data, size);
    free(data);
    files++;
}

static void run(const char *path)
{
    struct stat st;
    if (stat(path, &st) < 0)
        unreadable(path);
    if (!S_ISDIR(st.st_mode)) {
        run_file(path, (size_t)st.st_size);
        return;
    }
    DIR *directory = opendir(path);
    if (!directory)
        unreadable(path);
    for (struct dirent *entry; (entry = readdir(directory));) {
        char inside[PATH_MAX];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(inside, sizeof inside, "%s/%s", path, entry->d_name);
        run(inside);
    }
    closedir(directory);
}

int main(int argc, char **argv)
{
    report = stdout;
    setvbuf(report, NULL, _IONBF, 0);
    if (LLVMFuzzerInitialize)
        LLVMFuzzerInitialize(&argc, &argv);
    for (int i = 1; i < argc; i++)
        run(argv[i]);
    fprintf(report, "\n%u files\n", files);
    return files == 0;
}

/* SPDX-License-Identifier: MIT */
#include "base/limits.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/system.h"

/* ---- small files ---- */

/* The longest name of a file that is read, and the longest line, which has a few names. */
enum { NAME = 4096, LINE = 4 * NAME };

/* Opens the file root/directory/name, or returns NULL. */
static FILE *open_below(const char *root, const char *directory, const char *name)
{
    char path[LINE];
    int length = snprintf(path, sizeof path, "%s%s/%s", root, directory, name);
    return length < (int)sizeof path ? fopen(path, "re") : NULL;
}

/* Reads at most `n` numbers; a word such as "max" is INFINITY. Returns how many there are. */
static int read_numbers(const char *root, const char *directory, const char *name, double *number,
                        int n)
{
    FILE *file = open_below(root, directory, name);
    char word[32];
    int count = 0;
    for (; file && count < n && fscanf(file, "%31s", word) == 1; count++) {
        char *end;
        number[count] = strtod(word, &end);
        if (end == word)
            number[count] = INFINITY;
    }
    if (file)
        fclose(file);
    return count;
}

/* ---- where the groups are ---- */

/* Whether `wanted` is an item of a list separated by commas. */
static bool has_item(const char *list, const char *wanted)
{
    size_t length = strlen(wanted);
    for (const char *at = list; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
        if (strncmp(at, wanted, length) == 0 && (at[length] == 0 || at[length] == ','))
            return true;
    return false;
}

/* Finds the process's group for a controller, or with "" its group of version 2, in a file of lines
 * "number:controllers:group". */
static bool find_group(const char *root, const char *controller, char group[NAME])
{
    FILE *file = open_below(root, "/proc/self", "cgroup");
    char line[LINE];
    bool found = false;
    while (file && !found && fgets(line, sizeof line, file)) {
        char *list = strchr(line, ':'), *path = list ? strchr(list + 1, ':') : NULL;
        if (!path)
            continue;
        *path++ = 0;
        path[strcspn(path, "\n")] = 0;
        found = has_item(list + 1, controller) && strlen(path) < NAME;
        if (found)
            strcpy(group, path);
    }
    if (file)
        fclose(file);
    return found;
}

/* A mounted hierarchy of groups: `top` is the group that appears at the directory `point`. */
struct mount {
    char top[NAME], point[NAME];
};

/* Finds where the hierarchy of a controller, or with "" that of version 2, is mounted, in a file of
 * lines "id parent device top point options [optional]... - type source options". */
static bool find_mount(const char *root, const char *controller, struct mount *mount)
{
    FILE *file = open_below(root, "/proc/self", "mountinfo");
    char line[LINE], top[NAME], point[NAME], type[32], options[NAME];
    bool found = false;
    while (file && !found && fgets(line, sizeof line, file)) {
        const char *rest = strstr(line, " - ");
        if (!rest || sscanf(line, "%*s %*s %*s %4095s %4095s", top, point) != 2 ||
            sscanf(rest, " - %31s %*s %4095s", type, options) != 2)
            continue;
        found = *controller ? strcmp(type, "cgroup") == 0 && has_item(options, controller)
                            : strcmp(type, "cgroup2") == 0;
    }
    if (found) {
        strcpy(mount->top, top);
        strcpy(mount->point, point);
    }
    if (file)
        fclose(file);
    return found;
}

/* Finds the directory of the process's group, and how many bytes of it are the mount point. In a
 * container the group may not be visible, or only as the top of the hierarchy. */
static bool find_directory(const char *root, const char *controller, char directory[NAME],
                           size_t *top)
{
    char group[NAME];
    struct mount mount;
    if (!find_group(root, controller, group) || !find_mount(root, controller, &mount))
        return false;
    const char *below = group;
    size_t length = strcmp(mount.top, "/") == 0 ? 0 : strlen(mount.top);
    if (strncmp(group, mount.top, length) == 0 && (group[length] == '/' || group[length] == 0))
        below += length;
    else
        below = "";
    if (strcmp(below, "/") == 0 || strstr(below, "/.."))
        below = "";
    *top = strlen(mount.point);
    return snprintf(directory, NAME, "%s%s", mount.point, below) < NAME;
}

/* ---- limits ---- */

static double quota_v1(const char *root, const char *group)
{
    double quota, period;
    return read_numbers(root, group, "cpu.cfs_quota_us", &quota, 1) == 1 && quota > 0 &&
                   read_numbers(root, group, "cpu.cfs_period_us", &period, 1) == 1 && period > 0
               ? quota / period
               : INFINITY;
}

static double quota_v2(const char *root, const char *group)
{
    double number[2]; /* quota, period */
    return read_numbers(root, group, "cpu.max", number, 2) == 2 && number[0] > 0 && number[1] > 0
               ? number[0] / number[1]
               : INFINITY;
}

static double memory_v1(const char *root, const char *group)
{
    double bytes;
    return read_numbers(root, group, "memory.limit_in_bytes", &bytes, 1) == 1 ? bytes : INFINITY;
}

static double memory_v2(const char *root, const char *group)
{
    double bytes;
    return read_numbers(root, group, "memory.max", &bytes, 1) == 1 ? bytes : INFINITY;
}

/* The least limit of the process's group and all groups above it. */
static double least(const char *root, const char *controller,
                    double limit(const char *root, const char *group))
{
    char group[NAME];
    size_t top;
    double value = INFINITY;
    if (!find_directory(root, controller, group, &top))
        return value;
    for (;;) {
        value = fmin(value, limit(root, group));
        char *last = strrchr(group + top, '/');
        if (!last)
            return value;
        *last = 0;
    }
}

struct limits limits_of_groups(const char *root)
{
    double memory = fmin(least(root, "memory", memory_v1), least(root, "", memory_v2));
    return (struct limits){
        .processors = fmin(least(root, "cpu", quota_v1), least(root, "", quota_v2)),
        .memory = memory < 0x1p62 ? (uint64_t)memory : UINT64_MAX,
    };
}

unsigned limits_processors(void)
{
    unsigned processors = system_processors();
    double quota = fmax(1, round(limits_of_groups("").processors));
    return quota < processors ? (unsigned)quota : processors;
}

uint64_t limits_work_memory(void)
{
    const uint64_t most = (uint64_t)1 << 30, least_memory = (uint64_t)16 << 20;
    uint64_t memory = limits_of_groups("").memory, system = system_memory();
    memory = (system < memory ? system : memory) / 4;
    return memory > most ? most : memory < least_memory ? least_memory : memory;
}

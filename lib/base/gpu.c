/* SPDX-License-Identifier: MIT */
#include "base/gpu.h"

#include <ctype.h>
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What --device asks for. */
enum device_kind { DEVICE_AUTO, DEVICE_CPU, DEVICE_CUDA };

static int parse(const char *text, enum device_kind *kind, int *number, struct error *err)
{
    *kind = strcmp(text, "auto") == 0  ? DEVICE_AUTO
            : strcmp(text, "cpu") == 0 ? DEVICE_CPU
                                       : DEVICE_CUDA;
    *number = 0;
    if (*kind != DEVICE_CUDA || strcmp(text, "cuda") == 0)
        return 0;
    char *end = NULL;
    errno = 0;
    long named = strncmp(text, "cuda:", 5) == 0 && isdigit((unsigned char)text[5])
                     ? strtol(text + 5, &end, 10)
                     : -1;
    if (named < 0 || named > INT_MAX || errno != 0 || *end != 0)
        return error_set(err, STATUS_USAGE,
                         "%s: no such device; expected auto, cpu, cuda or cuda:N", text);
    *number = (int)named;
    return 0;
}

int gpu_check_name(const char *device, struct error *err)
{
    enum device_kind kind;
    int number;
    return parse(device, &kind, &number, err);
}

/* Where the object is, into path (PATH_MAX). */
static void find_object(char *path)
{
    const char *named = getenv("SGNS_CUDA");
    if (named) {
        snprintf(path, PATH_MAX, "%s", named);
        return;
    }
    char program[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    program[length > 0 ? length : 0] = 0;
    for (int up = 0; up < 2; up++) { /* the program's name, then its folder's */
        char *slash = strrchr(program, '/');
        if (slash)
            *slash = 0;
    }
    snprintf(path, PATH_MAX, "%.*s/lib/sgns/sgns-cuda.so", PATH_MAX - 32, program);
}

bool gpu_built(void)
{
    char path[PATH_MAX];
    find_object(path);
    return access(path, R_OK) == 0;
}

static const struct cuda_plugin *load(struct error *err)
{
    char path[PATH_MAX];
    find_object(path);
    if (access(path, R_OK) < 0) {
        error_set(err, STATUS_DEVICE, "this build has no CUDA: there is no %s", path);
        return NULL;
    }
    void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    void *symbol = object ? dlsym(object, "sgns_cuda_plugin") : NULL;
    if (!symbol) {
        error_set(err, STATUS_DEVICE, "cannot load the CUDA backends: %s", dlerror());
        return NULL;
    }
    const struct cuda_plugin *(*get)(void);
    memcpy(&get, &symbol, sizeof get); /* ISO C has no cast from an object to a function */
    const struct cuda_plugin *plugin = get();
    if (plugin->abi != CUDA_PLUGIN_ABI) {
        error_set(err, STATUS_DEVICE, "%s belongs to another version", path);
        return NULL;
    }
    return plugin;
}

/* The backends, once GPU `number` is known to be there. */
static const struct cuda_plugin *open_gpu(int number, struct error *err)
{
    static const struct cuda_plugin *plugin;
    if (!plugin)
        plugin = load(err);
    int count = plugin ? plugin->count(err) : -1;
    if (count < 0)
        return NULL;
    if (number >= count) {
        error_set(err, STATUS_USAGE, "cuda:%d: no such device; the last is cuda:%d", number,
                  count - 1);
        return NULL;
    }
    return plugin;
}

int gpu_choose(const char *device, bool worth_it, int *number, const struct cuda_plugin **plugin,
               char *note, struct error *err)
{
    enum device_kind kind;
    note[0] = 0;
    *plugin = NULL;
    if (parse(device, &kind, number, err) < 0)
        return -1;
    if (kind == DEVICE_CPU || (kind == DEVICE_AUTO && !(gpu_built() && worth_it)))
        return 0;
    *plugin = open_gpu(*number, err);
    if (*plugin || gpu_falls_back(device, note, err))
        return 0;
    char why[DEVICE_NOTE];
    snprintf(why, sizeof why, "%.*s", DEVICE_NOTE - 1, err->text);
    return err->status == STATUS_DEVICE
               ? error_set(err, STATUS_DEVICE, "%s: %s; use --device=cpu", device, why)
               : -1;
}

bool gpu_falls_back(const char *device, char *note, const struct error *err)
{
    if (strcmp(device, "auto") != 0 || err->status != STATUS_DEVICE)
        return false;
    snprintf(note, DEVICE_NOTE, "on the CPU: %.*s", DEVICE_NOTE - 32, err->text);
    return true;
}

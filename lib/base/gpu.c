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

/* The values of --device. */
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
    long parsed = strncmp(text, "cuda:", 5) == 0 && isdigit((unsigned char)text[5])
                      ? strtol(text + 5, &end, 10)
                      : -1;
    if (parsed < 0 || parsed > INT_MAX || errno != 0 || *end != 0)
        return error_set(err, STATUS_USAGE,
                         "%s: unknown device; expected auto, cpu, cuda or cuda:N", text);
    *number = (int)parsed;
    return 0;
}

int gpu_check_name(const char *device, struct error *err)
{
    enum device_kind kind;
    int number;
    return parse(device, &kind, &number, err);
}

/* Writes the name of the shared object into path (PATH_MAX); it need not exist. */
static void object_path(char *path)
{
    const char *from_environment = getenv("SGNS_CUDA");
    if (from_environment) {
        snprintf(path, PATH_MAX, "%s", from_environment);
        return;
    }
    char program[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    program[length > 0 ? length : 0] = 0;
    for (int i = 0; i < 2; i++) { /* removes the program's name, then its directory's */
        char *slash = strrchr(program, '/');
        if (slash)
            *slash = 0;
    }
    snprintf(path, PATH_MAX, "%.*s/lib/sgns/sgns-cuda.so", PATH_MAX - 32, program);
}

bool gpu_built(void)
{
    char path[PATH_MAX];
    object_path(path);
    return access(path, R_OK) == 0;
}

static const struct gpu_plugin *load(struct error *err)
{
    char path[PATH_MAX];
    object_path(path);
    if (access(path, R_OK) < 0) {
        error_set(err, STATUS_DEVICE, "built without CUDA: %s not found", path);
        return NULL;
    }
    void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    void *symbol = object ? dlsym(object, "sgns_gpu_plugin") : NULL;
    if (!symbol) {
        error_set(err, STATUS_DEVICE, "cannot load the CUDA backends: %s", dlerror());
        return NULL;
    }
    gpu_plugin_function *get;
    memcpy(&get, &symbol, sizeof get); /* ISO C has no cast from object to function pointers */
    const struct gpu_plugin *plugin = get();
    if (plugin->abi != GPU_PLUGIN_ABI) {
        error_set(err, STATUS_DEVICE, "%s belongs to a different version", path);
        return NULL;
    }
    return plugin;
}

/* The result of the search for a GPU. Unless a GPU was found, `err` gives the reason. */
enum search { GPU_FOUND, GPU_ABSENT, GPU_FAILED };

/* Loads the plugin and checks that GPU `number` exists. Sets *plugin only if it is found. */
static enum search open_gpu(int number, const struct gpu_plugin **plugin, struct error *err)
{
    static const struct gpu_plugin *loaded;
    if (!loaded)
        loaded = load(err);
    int count = loaded ? loaded->count(err) : -1;
    if (count <= 0)
        return count < 0 ? GPU_FAILED : GPU_ABSENT;
    if (number >= count) {
        error_set(err, STATUS_USAGE, "cuda:%d: device not found; the last one is cuda:%d", number,
                  count - 1);
        return GPU_FAILED;
    }
    *plugin = loaded;
    return GPU_FOUND;
}

/* Whether to use the CPU after the failure in `err`; then `note` gives the reason. */
static bool falls_back(enum device_kind kind, char *note, const struct error *err)
{
    if (kind != DEVICE_AUTO || err->status != STATUS_DEVICE)
        return false;
    snprintf(note, GPU_NOTE, "on the CPU: %.*s", GPU_NOTE - 32, err->text);
    return true;
}

/* Sets *plugin to the plugin, or to NULL to use the CPU, or on error. If "auto" finds no GPU at
 * all, leaves `note` empty. */
static int select_plugin(const char *device, enum device_kind kind, int number,
                         const struct gpu_plugin **plugin, char *note, struct error *err)
{
    *plugin = NULL;
    enum search search = open_gpu(number, plugin, err);
    if (search == GPU_FOUND || (search == GPU_ABSENT && kind == DEVICE_AUTO) ||
        falls_back(kind, note, err))
        return 0;
    char reason[GPU_NOTE];
    snprintf(reason, sizeof reason, "%.*s", GPU_NOTE - 1, err->text);
    return err->status == STATUS_DEVICE
               ? error_set(err, STATUS_DEVICE, "%s: %s; use --device=cpu", device, reason)
               : -1;
}

int gpu_create(const char *device, bool worthwhile, enum gpu_backend backend, const void *config,
               void **created, char *note, struct error *err)
{
    enum device_kind kind;
    int number;
    const struct gpu_plugin *plugin;
    note[0] = 0;
    *created = NULL;
    if (parse(device, &kind, &number, err) < 0)
        return -1;
    if (kind == DEVICE_CPU || (kind == DEVICE_AUTO && !(gpu_built() && worthwhile)))
        return 0;
    if (select_plugin(device, kind, number, &plugin, note, err) < 0)
        return -1;
    if (!plugin)
        return 0;
    *created = plugin->create[backend](number, config, note, err);
    return *created || falls_back(kind, note, err) ? 0 : -1;
}

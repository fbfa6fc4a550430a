/* SPDX-License-Identifier: MIT */
#include "blas.cuh"

#ifndef SGNS_EMULATE

#include <dlfcn.h>
#include <glob.h>

#include <cstdio>
#include <cstdlib>

#define TEXT_OF(macro) TEXT(macro)
#define TEXT(text)     #text
#define LIBRARY        "libcublas.so." TEXT_OF(CUBLAS_VER_MAJOR)

namespace
{

/* The library in a directory of Python's packages below `prefix`, in the place of either
 * packaging. */
void *open_below(const char *prefix)
{
    static const char *const places[] = {"lib/python3*/*-packages/nvidia/cu*/lib/" LIBRARY,
                                         "lib/python3*/*-packages/nvidia/cublas/lib/" LIBRARY};
    void *library = nullptr;
    for (const char *place : places) {
        char pattern[4096];
        glob_t found;
        snprintf(pattern, sizeof pattern, "%s/%s", prefix, place);
        if (glob(pattern, 0, nullptr, &found) == 0)
            for (size_t i = 0; i < found.gl_pathc && !library; i++)
                library = dlopen(found.gl_pathv[i], RTLD_NOW | RTLD_LOCAL);
        globfree(&found);
    }
    return library;
}

void *open_library()
{
    char own[4096];
    const char *home = getenv("HOME"), *venv = getenv("VIRTUAL_ENV");
    snprintf(own, sizeof own, "%s/.local", home ? home : "");
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    const char *const prefixes[] = {venv ? venv : own, own, "/usr/local", "/usr", "/opt/conda"};
    for (const char *prefix : prefixes)
        if (!library)
            library = open_below(prefix);
    return library;
}

/* Sets *function to the symbol, and `complete` to false if there is none. */
template <class F> void find(void *library, const char *name, F *function, bool *complete)
{
    *function = reinterpret_cast<F>(dlsym(library, name));
    *complete = *complete && *function;
}

} // namespace

const struct blas *blas_load(struct error *err)
{
    static struct blas blas;
    static bool complete;
    if (complete)
        return &blas;
    void *library = open_library();
    if (!library) {
        error_set(err, STATUS_DEVICE,
                  "GPU: %s, which the search needs, is not found; add its directory to "
                  "LD_LIBRARY_PATH, or use --device=cpu",
                  LIBRARY);
        return nullptr;
    }
    complete = true;
    find(library, "cublasCreate_v2", &blas.create, &complete);
    find(library, "cublasDestroy_v2", &blas.destroy, &complete);
    find(library, "cublasSetStream_v2", &blas.set_stream, &complete);
    find(library, "cublasSetMathMode", &blas.set_math_mode, &complete);
    find(library, "cublasSgemm_v2", &blas.sgemm, &complete);
    find(library, "cublasGetStatusString", &blas.status_string, &complete);
    if (complete)
        return &blas;
    error_set(err, STATUS_DEVICE, "GPU: %s lacks a function; use --device=cpu", LIBRARY);
    return nullptr;
}

#else

const struct blas *blas_load(struct error *)
{
    static const struct blas blas = {cublasCreate_v2,   cublasDestroy_v2, cublasSetStream_v2,
                                     cublasSetMathMode, cublasSgemm_v2,   cublasGetStatusString};
    return &blas;
}

#endif

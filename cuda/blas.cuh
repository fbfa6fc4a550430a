/* SPDX-License-Identifier: MIT */
/* blas.cuh -- the functions of cuBLAS that the search uses, loaded when a search is created.
 *
 * Only the search needs cuBLAS: training starts without it, and without the time that it takes to
 * load. It may be where the CUDA Toolkit was when this was built, on the library path, or among
 * the packages of a Python that brought PyTorch.
 */
#ifndef SGNS_CUDA_BLAS_CUH
#define SGNS_CUDA_BLAS_CUH

#include <cublas_v2.h>

extern "C" {
#include "base/error.h"
}

struct blas {
    decltype(&cublasCreate_v2) create;
    decltype(&cublasDestroy_v2) destroy;
    decltype(&cublasSetStream_v2) set_stream;
    decltype(&cublasSetMathMode) set_math_mode;
    decltype(&cublasSgemm_v2) sgemm;
    decltype(&cublasGetStatusString) status_string;
};

/* Loads cuBLAS, once; it stays loaded. NULL and status 4 if it is not found. */
const struct blas *blas_load(struct error *err);

#endif

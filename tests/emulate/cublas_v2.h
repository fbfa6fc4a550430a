/* SPDX-License-Identifier: MIT */
/* cublas_v2.h -- see cuda_runtime.h here. Matrices are column-major, as in cuBLAS. */
#ifndef EMULATE_CUBLAS_V2_H
#define EMULATE_CUBLAS_V2_H

#include "cuda_runtime.h"

#define EMULATE_STATUSES(X)                                                                        \
    X(CUBLAS_STATUS_SUCCESS, 0)                                                                    \
    X(CUBLAS_STATUS_NOT_INITIALIZED, 1)                                                            \
    X(CUBLAS_STATUS_ALLOC_FAILED, 3)                                                               \
    X(CUBLAS_STATUS_INVALID_VALUE, 7)                                                              \
    X(CUBLAS_STATUS_EXECUTION_FAILED, 13)                                                          \
    X(CUBLAS_STATUS_INTERNAL_ERROR, 14)
#define EMULATE_STATUS(name, number) name = number,
typedef enum { EMULATE_STATUSES(EMULATE_STATUS) } cublasStatus_t;

typedef enum { CUBLAS_OP_N, CUBLAS_OP_T } cublasOperation_t;
typedef enum {
    CUBLAS_DEFAULT_MATH = 0,
    CUBLAS_PEDANTIC_MATH = 2,
    CUBLAS_TF32_TENSOR_OP_MATH = 3,
    CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION = 16
} cublasMath_t;

/* As in cuBLAS, whose library has the names of version 2. */
#define cublasCreate    cublasCreate_v2
#define cublasDestroy   cublasDestroy_v2
#define cublasSetStream cublasSetStream_v2
#define cublasSgemm     cublasSgemm_v2

struct cublasContext {
    cudaStream_t stream;
};
typedef cublasContext *cublasHandle_t;

inline const char *cublasGetStatusString(cublasStatus_t status)
{
#define EMULATE_STATUS_NAME(name, number)                                                          \
    if (status == name)                                                                            \
        return #name;
    EMULATE_STATUSES(EMULATE_STATUS_NAME)
    return "unknown";
}

inline cublasStatus_t cublasCreate_v2(cublasHandle_t *handle)
{
    if (emulate::enqueue(0, [] {}) != cudaSuccess)
        return CUBLAS_STATUS_NOT_INITIALIZED;
    *handle = new cublasContext();
    return CUBLAS_STATUS_SUCCESS;
}

inline cublasStatus_t cublasDestroy_v2(cublasHandle_t handle)
{
    cudaError_t result = cudaDeviceSynchronize();
    delete handle;
    return result == cudaSuccess ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_INTERNAL_ERROR;
}

inline cublasStatus_t cublasSetStream_v2(cublasHandle_t handle, cudaStream_t stream)
{
    handle->stream = stream;
    return CUBLAS_STATUS_SUCCESS;
}

inline cublasStatus_t cublasSetMathMode(cublasHandle_t, cublasMath_t)
{
    return CUBLAS_STATUS_SUCCESS;
}

/* C = alpha op(A) op(B) + beta C, with op(A) m × k and op(B) k × n. Sums in single precision, in an
 * order that differs from call to call, as cuBLAS may choose another kernel for another shape:
 * `interleaved` partial sums, which are added from the last to the first. */
inline cublasStatus_t cublasSgemm_v2(cublasHandle_t handle, cublasOperation_t op_a,
                                     cublasOperation_t op_b, int m, int n, int k,
                                     const float *alpha, const float *a, int lda, const float *b,
                                     int ldb, const float *beta, float *c, int ldc)
{
    if (m < 0 || n < 0 || k < 0 || lda < max(1, op_a ? k : m) || ldb < max(1, op_b ? n : k) ||
        ldc < max(1, m))
        return CUBLAS_STATUS_INVALID_VALUE;
    static int calls;
    const int interleaved = 1 + calls++ % 4;
    float scale = *alpha, keep = *beta;
    auto multiply = [=] {
        for (size_t j = 0; j < (size_t)n; j++)
            for (size_t i = 0; i < (size_t)m; i++) {
                float part[4] = {0, 0, 0, 0};
                for (size_t l = 0; l < (size_t)k; l++)
                    part[l % interleaved] +=
                        a[op_a ? i * lda + l : l * lda + i] * b[op_b ? l * ldb + j : j * ldb + l];
                float sum = ((part[3] + part[2]) + part[1]) + part[0];
                float *at = &c[j * ldc + i];
                *at = scale * sum + (keep == 0.0f ? 0.0f : keep * *at);
            }
    };
    return emulate::enqueue(handle->stream, multiply) == cudaSuccess
               ? CUBLAS_STATUS_SUCCESS
               : CUBLAS_STATUS_EXECUTION_FAILED;
}

#endif

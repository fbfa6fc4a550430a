/* SPDX-License-Identifier: MIT */
/* cuda_runtime.h -- the part of CUDA that cuda/ uses, emulated on the CPU for tests without a GPU.
 *
 * With this directory first on the include path, g++ and clang++ compile the same sources as nvcc.
 * Every CUDA thread is a fiber. A fiber runs until it waits for others, so that the code of a
 * kernel between two barriers runs without interruption. Work on streams is deferred until
 * something waits for it, so that a missing wait gives wrong results.
 *
 * It detects: accesses out of bounds (device and shared memory are from malloc, for ASan), host
 * code that accesses device memory (under ASan), uninitialised memory (it contains NaN and large
 * numbers), deadlocks, warp operations that not all lanes of the mask reach, launches that a device
 * would refuse, missing waits between streams or with the host, and missing barriers: under TSan,
 * and many of them with EMULATE_ORDER.
 *
 * It cannot detect: races between blocks of a launch that is not cooperative (two are alive at a
 * time, so some are detected), races within a warp while more than 200 threads are alive, effects
 * of memory that is weaker than TSan's model (an atomic operation counts as a fence), kernels that
 * read pageable host memory, violations of __launch_bounds__, threads of one block that wait at
 * different __syncthreads, register usage, speed.
 *
 * Kernels must have one parameter, a struct, and get shared memory only from cuda/shared.cuh.
 *
 * Environment, read at the first call: EMULATE_DEVICES=0     no device EMULATE_SMS=N
 * multiprocessors of the device (3) EMULATE_FREE_BYTES=N  memory of the device (8 GiB)
 * EMULATE_FAIL=N        the N-th call and all later ones fail, as if the device was lost
 * EMULATE_ORDER=SEED    threads, blocks and streams are scheduled in random order: results that
 * depend on the seed reveal a race / */
#ifndef EMULATE_CUDA_RUNTIME_H
#define EMULATE_CUDA_RUNTIME_H

#define SGNS_EMULATE 1

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <type_traits>
#include <typeinfo>

/* ---- qualifiers ---- */

#define __global__
#define __device__
#define __host__
#define __grid_constant__
#define __forceinline__ inline
#define __noinline__    /* not an attribute: libstdc++ writes __attribute__((__noinline__)) */
#define __launch_bounds__(...)
#define __align__(n) __attribute__((aligned(n)))
#define __shared__   shared_memory_is_had_from_shared_cuh

/* ---- vectors ---- */

#define EMULATE_VECTOR(type, name)                                                                 \
    struct alignas(2 * sizeof(type)) name##2                                                       \
    {                                                                                              \
        type x, y;                                                                                 \
    };                                                                                             \
    struct name##3                                                                                 \
    {                                                                                              \
        type x, y, z;                                                                              \
    };                                                                                             \
    struct alignas(16) name##4                                                                     \
    {                                                                                              \
        type x, y, z, w;                                                                           \
    };                                                                                             \
    inline name##2 make_##name##2(type x, type y)                                                  \
    {                                                                                              \
        return {x, y};                                                                             \
    }                                                                                              \
    inline name##3 make_##name##3(type x, type y, type z)                                          \
    {                                                                                              \
        return {x, y, z};                                                                          \
    }                                                                                              \
    inline name##4 make_##name##4(type x, type y, type z, type w)                                  \
    {                                                                                              \
        return {x, y, z, w};                                                                       \
    }
EMULATE_VECTOR(int, int)
EMULATE_VECTOR(unsigned, uint)
EMULATE_VECTOR(float, float)

struct dim3 {
    unsigned x, y, z;
    constexpr dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z)
    {
    }
};

/* Those of the current fiber. */
extern uint3 threadIdx, blockIdx;
extern dim3 blockDim, gridDim;
constexpr int warpSize = 32;

/* ---- implemented by kernels.cpp and runtime.cpp for this header ---- */

typedef struct CUstream_st *cudaStream_t;
typedef struct CUevent_st *cudaEvent_t;
enum cudaError : int;
typedef cudaError cudaError_t;

namespace emulate
{

/* The values of the lanes in a warp operation; undefined for lanes that did not take part. */
struct exchanged {
    uint64_t value[32];
    unsigned present, turns; /* `turns` is used by kernels.cpp */
};

const exchanged &exchange(const char *what, unsigned mask, uint64_t value);
unsigned lane();
void sync_warp(unsigned mask);
void sync_block();
void sync_grid();
void yield();         /* lets all other ready threads run */
void yield_perhaps(); /* the same, sometimes, under EMULATE_ORDER */
bool in_cooperative_grid();
unsigned char *shared_bytes(); /* the block's dynamic shared memory */

/* Each of these is a call of the runtime. `work` runs when the stream reaches it. */
cudaError_t enqueue(cudaStream_t stream, std::function<void()> work);
cudaError_t launch(const void *kernel, const char *name, std::function<void()> body, dim3 grid,
                   dim3 block, size_t shared, cudaStream_t stream, bool cooperative);
cudaError_t raise_shared_limit(const void *kernel, int attribute, int bytes);
cudaError_t occupancy(int *blocks, const void *kernel, int block, size_t shared);
cudaError_t allocate(void **data, size_t bytes, bool on_device);

/* The bytes of a number as a number of another type, truncated or padded with zeros. */
template <class To, class From> To bits(From from)
{
    To to = To();
    memcpy(&to, &from, sizeof to < sizeof from ? sizeof to : sizeof from);
    return to;
}

/* The value of lane `from`, or the lane's own value if `from` is not in its group of `width`. */
template <class T> T shuffle(unsigned mask, T value, int from, int width, bool in_group)
{
    int own = (int)lane(), group = own & ~(width - 1);
    const exchanged &all = exchange("a shuffle", mask, bits<uint64_t>(value));
    return bits<T>(all.value[in_group && from >= group && from < group + width ? from : own]);
}

} // namespace emulate

/* ---- barriers, and operations of a warp ---- */

inline void __syncthreads()
{
    emulate::sync_block();
}

inline void __syncwarp(unsigned mask = 0xffffffff)
{
    emulate::sync_warp(mask);
}

template <class T> auto __shfl_sync(unsigned mask, T value, int from, int width = 32)
{
    int group = (int)emulate::lane() & ~(width - 1);
    return emulate::shuffle(mask, +value, group + (from & (width - 1)), width, true);
}

template <class T> auto __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32)
{
    return emulate::shuffle(mask, +value, (int)(emulate::lane() - delta), width, delta < 32);
}

template <class T> auto __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32)
{
    return emulate::shuffle(mask, +value, (int)(emulate::lane() + delta), width, delta < 32);
}

/* Unlike the others, it may read from lower groups. */
template <class T> auto __shfl_xor_sync(unsigned mask, T value, int lanes, int width = 32)
{
    int own = (int)emulate::lane(), from = own ^ lanes, end = (own & ~(width - 1)) + width;
    return emulate::shuffle(mask, +value, from < end ? from : own, 32, true);
}

inline unsigned __ballot_sync(unsigned mask, int predicate)
{
    const emulate::exchanged &all = emulate::exchange("a vote", mask, predicate != 0);
    unsigned ballot = 0;
    for (unsigned lane = 0; lane < 32; lane++)
        if (all.present >> lane & 1 && all.value[lane])
            ballot |= 1u << lane;
    return ballot;
}

inline int __any_sync(unsigned mask, int predicate)
{
    return __ballot_sync(mask, predicate) != 0;
}

inline int __all_sync(unsigned mask, int predicate)
{
    return __ballot_sync(mask, !predicate) == 0;
}

inline unsigned __reduce_add_sync(unsigned mask, unsigned value)
{
    const emulate::exchanged &all = emulate::exchange("a reduction", mask, value);
    unsigned sum = 0;
    for (unsigned lane = 0; lane < 32; lane++)
        if (all.present >> lane & 1)
            sum += (unsigned)all.value[lane];
    return sum;
}

inline int __reduce_add_sync(unsigned mask, int value)
{
    return (int)__reduce_add_sync(mask, (unsigned)value);
}

inline void __threadfence()
{
}

inline void __threadfence_block()
{
}

inline void __nanosleep(unsigned)
{
    emulate::yield();
}

/* ---- memory ---- */

template <class T> T __ldg(const T *from)
{
    return *from;
}

template <class T> T __ldcg(const T *from)
{
    return *from;
}

template <class T> void __stcg(T *to, T value)
{
    *to = value;
}

/* Atomic also with respect to host threads, and a fence for TSan, which supports no other kind.
 * Only for the types that CUDA supports, so that code that nvcc refuses does not compile here. */
#define EMULATE_ATOMIC(name, type, changed)                                                        \
    inline type name(type *at, type value)                                                         \
    {                                                                                              \
        emulate::yield_perhaps();                                                                  \
        type old, next;                                                                            \
        __atomic_load(at, &old, __ATOMIC_RELAXED);                                                 \
        do                                                                                         \
            next = changed;                                                                        \
        while (!__atomic_compare_exchange(at, &old, &next, false, __ATOMIC_SEQ_CST,                \
                                          __ATOMIC_RELAXED));                                      \
        return old;                                                                                \
    }
EMULATE_ATOMIC(atomicAdd, int, (int)((unsigned)old + (unsigned)value))
EMULATE_ATOMIC(atomicAdd, unsigned, old + value)
EMULATE_ATOMIC(atomicAdd, unsigned long long, old + value)
EMULATE_ATOMIC(atomicAdd, float, old + value)
EMULATE_ATOMIC(atomicAdd, double, old + value)
EMULATE_ATOMIC(atomicMax, int, old > value ? old : value)
EMULATE_ATOMIC(atomicMax, unsigned, old > value ? old : value)
EMULATE_ATOMIC(atomicMax, unsigned long long, old > value ? old : value)
EMULATE_ATOMIC(atomicMin, int, old < value ? old : value)
EMULATE_ATOMIC(atomicMin, unsigned, old < value ? old : value)
EMULATE_ATOMIC(atomicMin, unsigned long long, old < value ? old : value)
EMULATE_ATOMIC(atomicOr, int, old | value)
EMULATE_ATOMIC(atomicOr, unsigned, old | value)
EMULATE_ATOMIC(atomicOr, unsigned long long, old | value)
EMULATE_ATOMIC(atomicExch, int, value)
EMULATE_ATOMIC(atomicExch, unsigned, value)
EMULATE_ATOMIC(atomicExch, unsigned long long, value)
EMULATE_ATOMIC(atomicExch, float, value)

#define EMULATE_CAS(type)                                                                          \
    inline type atomicCAS(type *at, type expected, type value)                                     \
    {                                                                                              \
        emulate::yield_perhaps();                                                                  \
        __atomic_compare_exchange(at, &expected, &value, false, __ATOMIC_SEQ_CST,                  \
                                  __ATOMIC_SEQ_CST);                                               \
        return expected;                                                                           \
    }
EMULATE_CAS(int)
EMULATE_CAS(unsigned)
EMULATE_CAS(unsigned long long)

/* ---- numbers. Functions that are approximate on a device are exact here. ---- */

#define __expf(x) expf(x) /* macros: glibc has functions of these names */
#define __logf(x) logf(x)

inline float __fdividef(float x, float y)
{
    return x / y;
}

inline float rsqrtf(float x)
{
    return 1.0f / sqrtf(x);
}

inline unsigned __float_as_uint(float x)
{
    return emulate::bits<unsigned>(x);
}

inline float __uint_as_float(unsigned x)
{
    return emulate::bits<float>(x);
}

inline unsigned __umulhi(unsigned x, unsigned y)
{
    return (unsigned)((uint64_t)x * y >> 32);
}

inline int __popc(unsigned x)
{
    return __builtin_popcount(x);
}

inline int __clz(int x)
{
    return x ? __builtin_clz((unsigned)x) : 32;
}

inline int __ffs(int x)
{
    return __builtin_ffs(x);
}

#define EMULATE_MIN_MAX(type)                                                                      \
    inline type min(type a, type b)                                                                \
    {                                                                                              \
        return b < a ? b : a;                                                                      \
    }                                                                                              \
    inline type max(type a, type b)                                                                \
    {                                                                                              \
        return a < b ? b : a;                                                                      \
    }
EMULATE_MIN_MAX(int)
EMULATE_MIN_MAX(unsigned)
EMULATE_MIN_MAX(long)
EMULATE_MIN_MAX(unsigned long)
EMULATE_MIN_MAX(long long)
EMULATE_MIN_MAX(unsigned long long)

long long clock64(); /* nanoseconds */

/* ---- the runtime. Error numbers and messages are CUDA's. ---- */

#define EMULATE_ERRORS(X)                                                                          \
    X(cudaSuccess, 0, "no error")                                                                  \
    X(cudaErrorInvalidValue, 1, "invalid argument")                                                \
    X(cudaErrorMemoryAllocation, 2, "out of memory")                                               \
    X(cudaErrorInvalidConfiguration, 9, "invalid configuration argument")                          \
    X(cudaErrorInvalidDeviceFunction, 98, "invalid device function")                               \
    X(cudaErrorNoDevice, 100, "no CUDA-capable device is detected")                                \
    X(cudaErrorInvalidDevice, 101, "invalid device ordinal")                                       \
    X(cudaErrorInvalidResourceHandle, 400, "invalid resource handle")                              \
    X(cudaErrorNotReady, 600, "device not ready")                                                  \
    X(cudaErrorLaunchFailure, 719, "unspecified launch failure")                                   \
    X(cudaErrorCooperativeLaunchTooLarge, 720, "too many blocks in cooperative launch")
#define EMULATE_ENUMERATOR(name, number, text) name = number,
enum cudaError : int { EMULATE_ERRORS(EMULATE_ENUMERATOR) };

enum cudaMemcpyKind {
    cudaMemcpyHostToHost,
    cudaMemcpyHostToDevice,
    cudaMemcpyDeviceToHost,
    cudaMemcpyDeviceToDevice,
    cudaMemcpyDefault
};

enum cudaFuncAttribute { cudaFuncAttributeMaxDynamicSharedMemorySize = 8 };

enum cudaDeviceAttr {
    cudaDevAttrMaxThreadsPerBlock = 1,
    cudaDevAttrMaxSharedMemoryPerBlock = 8,
    cudaDevAttrWarpSize = 10,
    cudaDevAttrMultiProcessorCount = 16,
    cudaDevAttrL2CacheSize = 38,
    cudaDevAttrMaxThreadsPerMultiProcessor = 39,
    cudaDevAttrComputeCapabilityMajor = 75,
    cudaDevAttrComputeCapabilityMinor = 76,
    cudaDevAttrMaxSharedMemoryPerMultiprocessor = 81,
    cudaDevAttrCooperativeLaunch = 95,
    cudaDevAttrMaxSharedMemoryPerBlockOptin = 97
};

constexpr unsigned cudaStreamDefault = 0, cudaStreamNonBlocking = 1;
constexpr unsigned cudaEventDefault = 0, cudaEventBlockingSync = 1, cudaEventDisableTiming = 2;
constexpr unsigned cudaHostAllocDefault = 0, cudaHostAllocPortable = 1, cudaHostAllocMapped = 2,
                   cudaHostAllocWriteCombined = 4;

struct cudaDeviceProp {
    char name[256];
    size_t totalGlobalMem, sharedMemPerBlock, sharedMemPerBlockOptin, sharedMemPerMultiprocessor;
    int major, minor, multiProcessorCount, cooperativeLaunch, warpSize, l2CacheSize;
    int maxThreadsPerBlock, maxThreadsPerMultiProcessor;
};

cudaError_t cudaGetLastError();
cudaError_t cudaPeekAtLastError();
const char *cudaGetErrorName(cudaError_t error);
const char *cudaGetErrorString(cudaError_t error);

cudaError_t cudaDriverGetVersion(int *version);
cudaError_t cudaRuntimeGetVersion(int *version);
cudaError_t cudaGetDeviceCount(int *count);
cudaError_t cudaGetDevice(int *device);
cudaError_t cudaSetDevice(int device);
cudaError_t cudaGetDeviceProperties(cudaDeviceProp *properties, int device);
cudaError_t cudaDeviceGetAttribute(int *value, cudaDeviceAttr attribute, int device);
cudaError_t cudaMemGetInfo(size_t *free, size_t *total);
cudaError_t cudaDeviceSynchronize();
cudaError_t cudaDeviceReset();

cudaError_t cudaFree(void *data);
cudaError_t cudaFreeHost(void *data);
cudaError_t cudaMemcpy(void *to, const void *from, size_t bytes, cudaMemcpyKind kind);
cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream = 0);
cudaError_t cudaMemset(void *to, int value, size_t bytes);
cudaError_t cudaMemsetAsync(void *to, int value, size_t bytes, cudaStream_t stream = 0);

cudaError_t cudaStreamCreate(cudaStream_t *stream);
cudaError_t cudaStreamCreateWithFlags(cudaStream_t *stream, unsigned flags);
cudaError_t cudaStreamDestroy(cudaStream_t stream);
cudaError_t cudaStreamSynchronize(cudaStream_t stream);
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned flags = 0);
cudaError_t cudaEventCreate(cudaEvent_t *event);
cudaError_t cudaEventCreateWithFlags(cudaEvent_t *event, unsigned flags);
cudaError_t cudaEventDestroy(cudaEvent_t event);
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream = 0);
cudaError_t cudaEventSynchronize(cudaEvent_t event);
cudaError_t cudaEventElapsedTime(float *milliseconds, cudaEvent_t start, cudaEvent_t end);

template <class T> cudaError_t cudaMalloc(T **data, size_t bytes)
{
    void *memory = nullptr;
    cudaError_t result = emulate::allocate(&memory, bytes, true);
    if (result == cudaSuccess)
        *data = static_cast<T *>(memory);
    return result;
}

template <class T> cudaError_t cudaHostAlloc(T **data, size_t bytes, unsigned)
{
    void *memory = nullptr;
    cudaError_t result = emulate::allocate(&memory, bytes, false);
    if (result == cudaSuccess)
        *data = static_cast<T *>(memory);
    return result;
}

template <class T> cudaError_t cudaMallocHost(T **data, size_t bytes, unsigned flags = 0)
{
    return cudaHostAlloc(data, bytes, flags);
}

/* ---- launches ---- */

namespace emulate
{

template <class P> std::function<void()> bind(void (*kernel)(P), void **arguments)
{
    static_assert(std::is_trivially_copyable<P>::value, "a kernel's parameter is copied as bytes");
    static_assert(sizeof(P) <= 4096, "a kernel's parameter has at most 4,096 bytes");
    P parameter = *static_cast<const P *>(arguments[0]);
    return [=] { kernel(parameter); };
}

} // namespace emulate

template <class P>
cudaError_t cudaLaunchKernel(void (*kernel)(P), dim3 grid, dim3 block, void **arguments,
                             size_t shared = 0, cudaStream_t stream = 0)
{
    return emulate::launch((const void *)kernel, typeid(P).name(), emulate::bind(kernel, arguments),
                           grid, block, shared, stream, false);
}

template <class P>
cudaError_t cudaLaunchCooperativeKernel(void (*kernel)(P), dim3 grid, dim3 block, void **arguments,
                                        size_t shared = 0, cudaStream_t stream = 0)
{
    return emulate::launch((const void *)kernel, typeid(P).name(), emulate::bind(kernel, arguments),
                           grid, block, shared, stream, true);
}

template <class T>
cudaError_t cudaFuncSetAttribute(T *kernel, cudaFuncAttribute attribute, int value)
{
    return emulate::raise_shared_limit((const void *)kernel, attribute, value);
}

template <class T>
cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks, T kernel, int block,
                                                          size_t shared)
{
    return emulate::occupancy(blocks, (const void *)kernel, block, shared);
}

#endif

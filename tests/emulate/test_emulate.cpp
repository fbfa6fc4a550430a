/* SPDX-License-Identifier: MIT */
/* Tests of the emulation of CUDA (cuda_runtime.h here). Without SGNS_EMULATE, that is, compiled by
 * nvcc, most of them run on a GPU: the results must be the same.
 *
 * With an argument: one of the faults below, in a separate process that must fail. */
#include <cooperative_groups.h>
#include <cub/cub.cuh>
#include <cublas_v2.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <unistd.h>
#include <vector>

#include "../library/tap.h"
#include "shared.cuh"

namespace
{

void must(cudaError_t result, int line)
{
    if (result == cudaSuccess)
        return;
    printf("Bail out! line %d: %s\n", line, cudaGetErrorString(result));
    exit(1);
}
#define MUST(call) must(call, __LINE__)

/* An array on the device. */
template <class T> struct array {
    T *data = nullptr;
    size_t size;

    explicit array(size_t size) : size(size)
    {
        MUST(cudaMalloc(&data, size * sizeof(T)));
    }
    explicit array(const std::vector<T> &from) : array(from.size())
    {
        MUST(cudaMemcpy(data, from.data(), size * sizeof(T), cudaMemcpyHostToDevice));
    }
    array(const array &) = delete;
    ~array()
    {
        cudaFree(data);
    }
    std::vector<T> read() const
    {
        std::vector<T> to(size);
        MUST(cudaMemcpy(to.data(), data, size * sizeof(T), cudaMemcpyDeviceToHost));
        return to;
    }
};

template <class P>
cudaError_t launch(void (*kernel)(P), dim3 grid, dim3 block, P parameter, size_t shared = 0,
                   cudaStream_t stream = 0)
{
    void *arguments[] = {&parameter};
    return cudaLaunchKernel(kernel, grid, block, arguments, shared, stream);
}

template <class P>
cudaError_t launch_together(void (*kernel)(P), dim3 grid, dim3 block, P parameter,
                            size_t shared = 0)
{
    void *arguments[] = {&parameter};
    return cudaLaunchCooperativeKernel(kernel, grid, block, arguments, shared, 0);
}

std::vector<float> some_numbers(size_t n)
{
    std::vector<float> numbers(n);
    for (size_t i = 0; i < n; i++)
        numbers[i] = (float)(i * 7919 % 1009) - 500.0f;
    return numbers;
}

/* ---- blocks ---- */

struct numbers_task {
    const float *in;
    float *out;
    unsigned n;
};

/* out[block] = sum of the block's part of `in`. For blocks of any size. */
__global__ void __launch_bounds__(1024) sum_by_block(numbers_task t)
{
    float *part = shared_memory<float>();
    unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
    part[threadIdx.x] = i < t.n ? t.in[i] : 0.0f;
    for (unsigned left = blockDim.x; left > 1; left = (left + 1) / 2) {
        __syncthreads();
        if (threadIdx.x < left / 2)
            part[threadIdx.x] += part[threadIdx.x + (left + 1) / 2];
    }
    if (threadIdx.x == 0)
        t.out[blockIdx.x] = part[0];
}

void test_blocks()
{
    for (unsigned block : {1u, 2u, 31u, 33u, 100u, 256u, 1024u}) {
        std::vector<float> in = some_numbers(1000);
        unsigned blocks = (unsigned)(in.size() + block - 1) / block;
        array<float> device_in(in), out(blocks);
        MUST(launch(sum_by_block, blocks, block, {device_in.data, out.data, 1000},
                    block * sizeof(float)));
        std::vector<float> sums = out.read(), wanted(blocks);
        for (unsigned i = 0; i < 1000; i++)
            wanted[i / block] += in[i];
        tap_check(sums == wanted, "shared memory and barriers, blocks of %u", block);
    }
}

/* Threads n and above exit before the barrier, some others between two barriers. */
__global__ void exit_early(numbers_task t)
{
    float *part = shared_memory<float>();
    if (threadIdx.x >= t.n)
        return;
    part[threadIdx.x] = t.in[threadIdx.x];
    __syncthreads();
    float other = part[t.n - 1 - threadIdx.x];
    if (threadIdx.x % 3 == 1)
        return;
    __syncthreads();
    t.out[threadIdx.x] = other;
}

void test_exited()
{
    for (unsigned n : {1u, 33u, 50u, 64u}) {
        std::vector<float> in = some_numbers(n), wanted(n, -1.0f);
        array<float> device_in(in), out(wanted);
        MUST(launch(exit_early, 1, 64, {device_in.data, out.data, n}, n * sizeof(float)));
        for (unsigned i = 0; i < n; i++)
            if (i % 3 != 1)
                wanted[i] = in[n - 1 - i];
        tap_check(out.read() == wanted, "%u threads of 64 continue, some of them exit", n);
    }
}

struct ranks_task {
    unsigned *out;
};

__global__ void write_ranks(ranks_task t)
{
    unsigned block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
    unsigned thread = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
    unsigned rank = block * blockDim.x * blockDim.y * blockDim.z + thread;
    t.out[rank] = rank + 1000 * cooperative_groups::this_thread_block().thread_rank();
}

void test_dimensions()
{
    dim3 grid(3, 2, 4), block(5, 7, 2);
    array<unsigned> out(24 * 70);
    MUST(launch(write_ranks, grid, block, {out.data}));
    std::vector<unsigned> wanted(out.size);
    for (unsigned i = 0; i < wanted.size(); i++)
        wanted[i] = i + 1000 * (i % 70);
    tap_check(out.read() == wanted, "three-dimensional grids and blocks");
}

/* ---- warps ---- */

enum { WARP_RESULTS = 14 };

struct warp_task {
    int *out; /* (WARP_RESULTS, threads) */
    double *half;
};

__global__ void use_warp(warp_task t)
{
    const unsigned all = 0xffffffffu;
    unsigned lane = threadIdx.x % 32, n = blockDim.x;
    int value = (int)(threadIdx.x * threadIdx.x), *out = t.out + threadIdx.x;
    out[0] = __shfl_sync(all, value, 5);
    out[n] = __shfl_sync(all, value, (int)lane + 1, 8);
    out[2 * n] = __shfl_up_sync(all, value, 3);
    out[3 * n] = __shfl_up_sync(all, value, 1, 4);
    out[4 * n] = __shfl_down_sync(all, value, 2);
    out[5 * n] = __shfl_down_sync(all, value, 1, 16);
    out[6 * n] = __shfl_xor_sync(all, value, 16);
    out[7 * n] = __shfl_xor_sync(all, value, 5, 4);
    out[8 * n] = (int)__ballot_sync(all, lane % 5 == 0);
    out[9 * n] = __any_sync(all, lane == 7) * 2 + __all_sync(all, lane < 32);
    out[10 * n] = 0;
    /* Two halves of the warp at different operations. */
    if (lane % 2)
        out[10 * n] = __shfl_sync(0xaaaaaaaau, value, 31) + __any_sync(0xaaaaaaaau, lane == 2);
    else
        out[10 * n] = (int)__ballot_sync(0x55555555u, lane > 16);
    __syncwarp();
    out[11 * n] = (int)(1e6f * __shfl_xor_sync(all, 0.5f * (float)lane, 1));
    t.half[threadIdx.x] = __shfl_xor_sync(all, value + 0.5, 1);
    /* Successive operations must not see each other's values. */
    int sum = value;
    for (unsigned distance = 16; distance > 0; distance /= 2)
        sum += __shfl_xor_sync(all, sum, (int)distance);
    out[12 * n] = sum;
    out[13 * n] = 0;
#if defined(SGNS_EMULATE) || __CUDA_ARCH__ >= 800
    out[13 * n] = __reduce_add_sync(all, value) + (int)__reduce_add_sync(all, 1u);
#endif
}

void test_warps()
{
    const int n = 96;
    array<int> out(WARP_RESULTS * n);
    array<double> half(n);
    MUST(launch(use_warp, 1, n, {out.data, half.data}));
    std::vector<int> got = out.read();
    std::vector<double> halves = half.read();
    unsigned wrong[WARP_RESULTS + 1] = {0};
    for (int i = 0; i < n; i++) {
        int lane = i % 32, warp = i - lane, sum = 0, fifths = 0, above = 0;
        auto square = [=](int other) { return (warp + other) * (warp + other); };
        for (int other = 0; other < 32; other++)
            sum += square(other);
        for (int other = 0; other < 32; other += 5)
            fifths |= (int)(1u << other);
        for (int other = 18; other < 32; other += 2)
            above |= (int)(1u << other);
        int xored = (lane ^ 5) < (lane / 4 + 1) * 4 ? lane ^ 5 : lane;
        int wanted[WARP_RESULTS] = {square(5),
                                    square(lane / 8 * 8 + (lane + 1) % 8),
                                    square(lane < 3 ? lane : lane - 3),
                                    square(lane % 4 < 1 ? lane : lane - 1),
                                    square(lane > 29 ? lane : lane + 2),
                                    square(lane % 16 > 14 ? lane : lane + 1),
                                    square(lane ^ 16),
                                    square(xored),
                                    fifths,
                                    3,
                                    lane % 2 ? square(31) : above,
                                    (lane ^ 1) * 500000,
                                    sum,
                                    sum + 32};
        for (int r = 0; r < WARP_RESULTS; r++)
            wrong[r] += got[(size_t)(r * n + i)] != wanted[r];
        wrong[WARP_RESULTS] += halves[(size_t)i] != square(lane ^ 1) + 0.5;
    }
    const char *const names[] = {"shfl",
                                 "shfl, width 8",
                                 "shfl_up",
                                 "shfl_up, width 4",
                                 "shfl_down",
                                 "shfl_down, width 16",
                                 "shfl_xor",
                                 "shfl_xor, width 4",
                                 "ballot",
                                 "any and all",
                                 "parts of a warp",
                                 "shfl_xor of float",
                                 "a sum by shuffles",
                                 "reduce_add",
                                 "shfl_xor of double"};
    for (int r = 0; r <= WARP_RESULTS; r++)
        tap_check(wrong[r] == 0, "warp: %s", names[r]);
}

/* The last warp has 8 lanes; then 4 of them exit. */
__global__ void use_part_of_warp(ranks_task t)
{
    unsigned lane = threadIdx.x % 32;
    unsigned before = __ballot_sync(0xffffffffu, 1);
    if (threadIdx.x >= 36)
        return;
    __syncwarp();
    t.out[threadIdx.x] = before + __shfl_xor_sync(0xffffffffu, lane, 1);
}

void test_part_of_warp()
{
    array<unsigned> out(36);
    MUST(launch(use_part_of_warp, 1, 40, {out.data}));
    std::vector<unsigned> got = out.read();
    unsigned wrong = 0;
    for (unsigned i = 0; i < 36; i++)
        wrong += got[i] != (i < 32 ? 0xffffffffu : 0xffu) + (i % 32 ^ 1);
    tap_check(wrong == 0, "warp: lanes that do not exist or have exited");
}

/* ---- atomics and intrinsics ---- */

struct atomic_task {
    int *i;
    unsigned *u;
    unsigned long long *l;
    float *f;
    double *d;
};

__global__ void use_atomics(atomic_task t)
{
    int me = (int)(blockIdx.x * blockDim.x + threadIdx.x);
    atomicAdd(&t.i[0], me);
    atomicMax(&t.i[1], me * 37 % 101 - 50);
    atomicMin(&t.i[2], me * 37 % 101 - 50);
    atomicAdd(&t.u[0], 1u);
    atomicOr(&t.u[1], 1u << me % 32);
    atomicMax(&t.u[2], (unsigned)me);
    atomicMin(&t.u[3], (unsigned)me);
    atomicAdd(&t.l[0], 1ull << 32);
    atomicAdd(&t.f[0], 0.5f);
    atomicAdd(&t.d[0], 0.25);
    /* A sum in f[1] by compare and swap. */
    unsigned *bits = (unsigned *)&t.f[1], old = 0, seen;
    while ((seen = atomicCAS(bits, old, __float_as_uint(__uint_as_float(old) + 1.0f))) != old)
        old = seen;
    /* Waiting for a lock. */
    while (atomicExch(&t.u[4], 1u))
        __nanosleep(10);
    t.d[1] += 2.0;
    __threadfence();
    atomicExch(&t.u[4], 0u);
}

void test_atomics()
{
    const unsigned n = 3 * 33;
    array<int> i(std::vector<int>{0, -1000, 1000});
    array<unsigned> u({0, 0, 0, 1000, 0});
    array<unsigned long long> l(std::vector<unsigned long long>{5});
    array<float> f(std::vector<float>{0, 0});
    array<double> d(std::vector<double>{0, 0});
    MUST(launch(use_atomics, 3, 33, {i.data, u.data, l.data, f.data, d.data}));
    tap_check((i.read() == std::vector<int>{(int)(n * (n - 1) / 2), 50, -50}), "atomics: int");
    tap_check((u.read() == std::vector<unsigned>{n, 0xffffffffu, n - 1, 0, 0}),
              "atomics: unsigned");
    tap_check(l.read()[0] == 5 + ((unsigned long long)n << 32), "atomics: unsigned long long");
    tap_check((f.read() == std::vector<float>{n / 2.0f, (float)n}), "atomics: float");
    tap_check((d.read() == std::vector<double>{n / 4.0, 2.0 * n}), "atomics: double");
}

__global__ void use_intrinsics(numbers_task t)
{
    const float4 *quad = (const float4 *)t.in;
    float4 q = __ldg(quad);
    t.out[0] = q.x + __ldcg(t.in + 1);
    __stcg(t.out + 1, __uint_as_float(__float_as_uint(q.z)));
    t.out[2] = (float)__umulhi(0x80000000u, 6u);
    t.out[3] = (float)(__popc(0xf0f0u) + __clz(1) + __clz(0) + __ffs(8) + __ffs(0));
    t.out[4] = (float)(min(3, 4) + max(3, 4) + (int)min(7u, 9u)) + fmaxf(1.0f, 2.0f);
    t.out[5] = roundf(1000.0f * (rsqrtf(4.0f) + __expf(1.0f) + __logf(2.0f) + __fdividef(1, 4)));
    t.out[6] = clock64() > 0 && warpSize == 32 ? 1.0f : 0.0f;
}

void test_intrinsics()
{
    array<float> in(std::vector<float>{1, 2, 3, 4}), out(7);
    MUST(launch(use_intrinsics, 1, 1, {in.data, out.data, 0}));
    tap_check((out.read() == std::vector<float>{3, 3, 3, 8 + 31 + 32 + 4, 16, 4161, 1}),
              "intrinsics");
}

/* ---- cooperative grids ---- */

struct grid_task {
    float *in, *out;
    unsigned n, steps;
    int *valid;
};

/* Smooths a ring of n numbers `steps` times. Every thread stores its number in shared memory,
 * where it must be unchanged after the grid's barrier: every block has its own shared memory. */
__global__ void smooth(grid_task t)
{
    auto grid = cooperative_groups::this_grid();
    float *mine = shared_memory<float>();
    unsigned i = (unsigned)grid.thread_rank();
    if (i == 0)
        *t.valid = grid.is_valid() && grid.size() == gridDim.x * blockDim.x;
    for (unsigned step = 0; step < t.steps; step++) {
        if (i < t.n)
            mine[threadIdx.x] = (t.in[(i + t.n - 1) % t.n] + t.in[(i + 1) % t.n]) / 2;
        grid.sync();
        if (i < t.n)
            t.in[i] = mine[threadIdx.x];
        cooperative_groups::this_thread_block().sync();
        grid.sync();
    }
    if (i < t.n)
        t.out[i] = t.in[i];
}

void test_cooperative()
{
    int processors = 0, each = 0;
    MUST(cudaDeviceGetAttribute(&processors, cudaDevAttrMultiProcessorCount, 0));
    MUST(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&each, smooth, 33, 33 * sizeof(float)));
    unsigned most = (unsigned)(processors * each);
    for (unsigned blocks : {1u, 2u, 5u}) {
        unsigned n = blocks * 33 - 2;
        std::vector<float> ring = some_numbers(n), next(n);
        array<float> in(ring), out(n);
        array<int> valid(1);
        MUST(launch_together(smooth, blocks, 33, {in.data, out.data, n, 4, valid.data},
                             33 * sizeof(float)));
        for (int step = 0; step < 4; step++, ring.swap(next))
            for (unsigned i = 0; i < n; i++)
                next[i] = (ring[(i + n - 1) % n] + ring[(i + 1) % n]) / 2;
        tap_check(out.read() == ring && valid.read()[0] == 1,
                  "a grid of %u blocks with a common barrier", blocks);
    }
    grid_task task = {nullptr, nullptr, 0, 0, nullptr};
    tap_check(launch_together(smooth, most + 1, 33, task, 33 * sizeof(float)) ==
                      cudaErrorCooperativeLaunchTooLarge &&
                  cudaGetLastError() == cudaErrorCooperativeLaunchTooLarge &&
                  cudaGetLastError() == cudaSuccess,
              "a cooperative grid that does not fit on the device is refused");
}

/* ---- launches, memory ---- */

__global__ void do_nothing(ranks_task)
{
}

void test_refused_launches()
{
    ranks_task task = {nullptr};
    tap_check(launch(do_nothing, 1, 1025, task) == cudaErrorInvalidConfiguration,
              "blocks of 1,025 threads are refused");
    tap_check(launch(do_nothing, 0, 32, task) == cudaErrorInvalidConfiguration,
              "empty grids are refused");
    tap_check(launch(do_nothing, 1, dim3(1, 1, 65), task) == cudaErrorInvalidConfiguration,
              "blocks with z = 65 are refused");
    tap_check(launch(do_nothing, 1, 32, task, 50000) == cudaErrorInvalidValue,
              "more than 48 KiB of shared memory is refused");
    MUST(cudaFuncSetAttribute(do_nothing, cudaFuncAttributeMaxDynamicSharedMemorySize, 60000));
    tap_check(launch(do_nothing, 1, 32, task, 50000) == cudaSuccess,
              "more than 48 KiB is accepted after raising the limit");
    tap_check(cudaFuncSetAttribute(do_nothing, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                   1 << 20) == cudaErrorInvalidValue,
              "a limit of 1 MiB is refused");
    cudaGetLastError();
    MUST(cudaDeviceSynchronize());
}

void test_memory()
{
    array<int> a(100), b(100);
    std::vector<int> zeros(100, 0);
    MUST(cudaMemset(a.data, 0, 400));
    MUST(cudaMemcpy(b.data, a.data, 400, cudaMemcpyDeviceToDevice));
    tap_check(b.read() == zeros, "memset and copy on the device");
    MUST(cudaMemcpy(zeros.data(), a.data, 400, cudaMemcpyDefault));
    tap_check(cudaFree(nullptr) == cudaSuccess && cudaFreeHost(nullptr) == cudaSuccess,
              "freeing a null pointer succeeds");
    size_t before, between, total;
    MUST(cudaMemGetInfo(&before, &total));
    {
        array<char> more(64 << 20);
        MUST(cudaMemGetInfo(&between, &total));
        tap_check(between < before && before <= total, "allocating reduces free memory");
    }
    MUST(cudaMemGetInfo(&between, &total));
    tap_check(between == before, "freeing restores free memory");
    void *data;
    tap_check(cudaMalloc(&data, total + 1) == cudaErrorMemoryAllocation,
              "allocating more than the total memory fails");
    cudaGetLastError();
#ifdef SGNS_EMULATE
    tap_check(cudaMemcpy(a.data, zeros.data(), 404, cudaMemcpyHostToDevice) ==
                      cudaErrorInvalidValue &&
                  cudaMemcpy(zeros.data(), zeros.data(), 4, cudaMemcpyDeviceToHost) ==
                      cudaErrorInvalidValue &&
                  cudaMemset(zeros.data(), 0, 4) == cudaErrorInvalidValue &&
                  cudaFree(a.data + 1) == cudaErrorInvalidValue,
              "pointers that are not device memory are refused");
    cudaGetLastError();
    array<float> fresh(3);
    float sum = 0;
    for (float number : fresh.read())
        sum += number;
    tap_check(std::isnan(sum), "uninitialised memory is NaN for the host");
    array<float> out(1);
    MUST(launch(sum_by_block, 1, 1, {fresh.data, out.data, 1}, sizeof(float)));
    tap_check(std::isnan(out.read()[0]), "uninitialised memory is NaN for kernels");
#endif
}

void test_device()
{
    int count, version, major, device;
    cudaDeviceProp properties;
    MUST(cudaGetDeviceCount(&count));
    MUST(cudaSetDevice(0));
    MUST(cudaGetDevice(&device));
    MUST(cudaGetDeviceProperties(&properties, 0));
    MUST(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, 0));
    MUST(cudaDriverGetVersion(&version));
    MUST(cudaRuntimeGetVersion(&version));
    tap_check(count > 0 && device == 0 && version >= 12000 && properties.major == major &&
                  properties.warpSize == 32 && properties.cooperativeLaunch && properties.name[0] &&
                  properties.sharedMemPerBlockOptin >= 48 << 10,
              "device properties");
    tap_check(cudaSetDevice(1000) == cudaErrorInvalidDevice, "device 1000 does not exist");
    tap_check(strcmp(cudaGetErrorName(cudaErrorInvalidDevice), "cudaErrorInvalidDevice") == 0 &&
                  strcmp(cudaGetErrorString(cudaErrorInvalidDevice), "invalid device ordinal") == 0,
              "errors have names and messages");
    cudaGetLastError();
}

/* ---- streams ---- */

struct add_task {
    const int *in;
    int *out;
    int number;
};

__global__ void add(add_task t)
{
    *t.out = *t.in + t.number;
}

struct two_streams {
    cudaStream_t first, second;
    cudaEvent_t event, later;
    int *pinned;

    two_streams()
    {
        MUST(cudaStreamCreateWithFlags(&first, cudaStreamNonBlocking));
        MUST(cudaStreamCreateWithFlags(&second, cudaStreamNonBlocking));
        MUST(cudaEventCreateWithFlags(&event, cudaEventDisableTiming));
        MUST(cudaEventCreate(&later));
        MUST(cudaMallocHost(&pinned, 2 * sizeof(int)));
    }
    ~two_streams()
    {
        cudaStreamDestroy(first);
        cudaStreamDestroy(second);
        cudaEventDestroy(event);
        cudaEventDestroy(later);
        cudaFreeHost(pinned);
    }
};

/* pinned[0] → a on the first stream; a + 1 → b on the second; b → pinned[1]. */
void pass_on(two_streams &s, array<int> &a, array<int> &b, bool wait)
{
    MUST(cudaMemcpyAsync(a.data, &s.pinned[0], sizeof(int), cudaMemcpyHostToDevice, s.first));
    MUST(cudaEventRecord(s.event, s.first));
    if (wait)
        MUST(cudaStreamWaitEvent(s.second, s.event));
    MUST(launch(add, 1, 1, {a.data, b.data, 1}, 0, s.second));
    MUST(cudaMemcpyAsync(&s.pinned[1], b.data, sizeof(int), cudaMemcpyDeviceToHost, s.second));
}

void test_streams()
{
    two_streams s;
    array<int> a(1), b(1);
    s.pinned[0] = 41;
    pass_on(s, a, b, true);
    MUST(cudaStreamSynchronize(s.second));
    tap_check(s.pinned[1] == 42, "a stream waits for an event of another stream");

    /* Recorded again: a wait refers to the latest record at the time of its call. */
    for (int round = 0; round < 3; round++) {
        MUST(cudaStreamSynchronize(s.first));
        s.pinned[0] = round;
        pass_on(s, a, b, true);
        MUST(cudaEventRecord(s.later, s.second));
        MUST(cudaStreamWaitEvent(s.first, s.later));
    }
    MUST(cudaEventSynchronize(s.later));
    tap_check(s.pinned[1] == 3, "events can be recorded again");

    cudaEvent_t end;
    float milliseconds = -1;
    MUST(cudaEventCreate(&end));
    MUST(cudaEventRecord(end, s.second));
    MUST(cudaEventSynchronize(end));
    MUST(cudaEventElapsedTime(&milliseconds, s.later, end));
    tap_check(milliseconds >= 0, "elapsed time between events");
    tap_check(cudaEventElapsedTime(&milliseconds, s.event, end) == cudaErrorInvalidResourceHandle,
              "no elapsed time for an event without timing");
    cudaGetLastError();
    MUST(cudaEventDestroy(end));

    int pageable = 7;
    MUST(cudaMemcpyAsync(a.data, &pageable, sizeof(int), cudaMemcpyHostToDevice, s.first));
    pageable = 8;
    MUST(launch(add, 1, 1, {a.data, b.data, 1}, 0, s.first));
    MUST(cudaMemcpyAsync(&pageable, b.data, sizeof(int), cudaMemcpyDeviceToHost, s.first));
    tap_check(pageable == 8, "pageable memory is read and written immediately");

    cudaStream_t blocking;
    MUST(cudaStreamCreate(&blocking));
    MUST(launch(add, 1, 1, {a.data, b.data, 10}, 0, blocking)); /* b = 17 */
    MUST(launch(add, 1, 1, {b.data, a.data, 10}));              /* a = 27 */
    MUST(launch(add, 1, 1, {a.data, b.data, 10}, 0, blocking)); /* b = 37 */
    MUST(cudaStreamSynchronize(blocking));
    MUST(cudaMemcpyAsync(s.pinned, b.data, sizeof(int), cudaMemcpyDeviceToHost, s.first));
    MUST(cudaStreamSynchronize(s.first));
    tap_check(s.pinned[0] == 37, "the default stream and a blocking stream are synchronised");
    MUST(cudaStreamDestroy(blocking));
}

#ifdef SGNS_EMULATE
/* Effects of missing waits that are possible on a device, but rare. */
void test_missing_waits()
{
    if (getenv("EMULATE_ORDER")) /* with it, the results are random */
        return;
    two_streams s;
    array<int> a(std::vector<int>{0}), b(std::vector<int>{0});
    MUST(cudaDeviceSynchronize());
    s.pinned[0] = 41;
    pass_on(s, a, b, false);
    MUST(cudaStreamSynchronize(s.second));
    tap_check(s.pinned[1] == 1, "without waiting for the event, a stream runs ahead of the other");
    MUST(cudaDeviceSynchronize());

    pass_on(s, a, b, true);
    s.pinned[0] = 5;
    MUST(cudaStreamSynchronize(s.second));
    tap_check(s.pinned[1] == 6, "pinned memory changed too early is copied with the change");

    s.pinned[1] = -1;
    pass_on(s, a, b, true);
    tap_check(s.pinned[1] == -1, "pinned memory read too early has its old content");
    MUST(cudaDeviceSynchronize());
    tap_check(s.pinned[1] == 6, "pinned memory read after synchronising has its new content");
}
#endif

/* ---- libraries ---- */

template <class K> std::vector<K> sorted(const std::vector<K> &keys)
{
    array<K> in(keys), out(keys.size());
    size_t bytes = 0;
    MUST(cub::DeviceRadixSort::SortKeys(nullptr, bytes, in.data, out.data, (int)keys.size()));
    array<char> scratch(bytes);
    MUST(cub::DeviceRadixSort::SortKeys(scratch.data, bytes, in.data, out.data, (int)keys.size()));
    return out.read();
}

void test_cub()
{
    const unsigned n = 1000;
    std::vector<unsigned> keys(n), numbers(n), wanted(n), flags(n);
    for (unsigned i = 0; i < n; i++) {
        keys[i] = i * 7919 % 1009 * 16 + i % 16;
        numbers[i] = wanted[i] = i;
        flags[i] = keys[i] % 3 == 0;
    }
    cudaStream_t stream;
    MUST(cudaStreamCreate(&stream));
    array<unsigned> in(keys), out(n), values_in(numbers), values_out(n), device_flags(flags),
        count(1);
    size_t bytes = 0;
    MUST(cub::DeviceRadixSort::SortPairs(nullptr, bytes, in.data, out.data, values_in.data,
                                         values_out.data, n, 6, 12, stream));
    {
        array<char> scratch(bytes);
        MUST(cub::DeviceRadixSort::SortPairs(scratch.data, bytes, in.data, out.data, values_in.data,
                                             values_out.data, n, 6, 12, stream));
        std::stable_sort(wanted.begin(), wanted.end(), [&](unsigned a, unsigned b) {
            return (keys[a] >> 6 & 63) < (keys[b] >> 6 & 63);
        });
        tap_check(values_out.read() == wanted, "cub: sorting pairs by some bits of the key");
    }
    tap_check((sorted(std::vector<int>{3, -1, 0, -2000000000, 7}) ==
               std::vector<int>{-2000000000, -1, 0, 3, 7}),
              "cub: sorting int keys");
    tap_check((sorted(std::vector<float>{3, -1, 0.5f, -2e30f, 7e-9f}) ==
               std::vector<float>{-2e30f, -1, 7e-9f, 0.5f, 3}),
              "cub: sorting float keys");

    MUST(cub::DeviceScan::ExclusiveSum(nullptr, bytes, in.data, out.data, n, stream));
    {
        array<char> scratch(bytes);
        std::vector<unsigned> sums(n), more(n);
        MUST(cub::DeviceScan::ExclusiveSum(scratch.data, bytes, in.data, out.data, n, stream));
        MUST(cudaStreamSynchronize(stream));
        sums = out.read();
        MUST(cub::DeviceScan::InclusiveSum(nullptr, bytes, in.data, out.data, n, stream));
        array<char> other(bytes);
        MUST(cub::DeviceScan::InclusiveSum(other.data, bytes, in.data, out.data, n, stream));
        MUST(cudaStreamSynchronize(stream));
        more = out.read();
        unsigned sum = 0, wrong = 0;
        for (unsigned i = 0; i < n; i++) {
            wrong += sums[i] != sum;
            sum += keys[i];
            wrong += more[i] != sum;
        }
        tap_check(wrong == 0, "cub: prefix sums");
    }

    MUST(cub::DeviceSelect::Flagged(nullptr, bytes, in.data, device_flags.data, out.data,
                                    count.data, (int)n, stream));
    array<char> scratch(bytes);
    MUST(cub::DeviceSelect::Flagged(scratch.data, bytes, in.data, device_flags.data, out.data,
                                    count.data, (int)n, stream));
    MUST(cudaStreamSynchronize(stream));
    std::vector<unsigned> chosen, got = out.read();
    for (unsigned key : keys)
        if (key % 3 == 0)
            chosen.push_back(key);
    got.resize(count.read()[0]);
    tap_check(got == chosen, "cub: selection by flags");
    MUST(cudaStreamDestroy(stream));
}

void test_cublas()
{
    const int m = 5, n = 3, k = 4, lda = 7, ldb = 6, ldc = 5;
    std::vector<float> a = some_numbers(49), b = some_numbers(36), c = some_numbers(15);
    const float alpha = 2.0f, beta = 0.5f, zero = 0.0f;
    cublasHandle_t handle = nullptr;
    cudaStream_t stream;
    MUST(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
    bool made = cublasCreate(&handle) == CUBLAS_STATUS_SUCCESS;
    made = made && cublasSetStream(handle, stream) == CUBLAS_STATUS_SUCCESS &&
           cublasSetMathMode(handle, CUBLAS_PEDANTIC_MATH) == CUBLAS_STATUS_SUCCESS;
    tap_check(made, "cublas: creating a handle");
    for (int which = 0; which < 8; which++) {
        bool flip_a = which & 1, flip_b = which & 2, fresh = which & 4;
        array<float> device_a(a), device_b(b), out(fresh ? std::vector<float>(15, NAN) : c);
        cublasStatus_t status = cublasSgemm(
            handle, flip_a ? CUBLAS_OP_T : CUBLAS_OP_N, flip_b ? CUBLAS_OP_T : CUBLAS_OP_N, m, n, k,
            &alpha, device_a.data, lda, device_b.data, ldb, fresh ? &zero : &beta, out.data, ldc);
        MUST(cudaStreamSynchronize(stream));
        std::vector<float> got = out.read();
        unsigned wrong = status != CUBLAS_STATUS_SUCCESS;
        for (int i = 0; i < m; i++)
            for (int j = 0; j < n; j++) {
                float sum = 0;
                for (int l = 0; l < k; l++)
                    sum += a[(size_t)(flip_a ? i * lda + l : l * lda + i)] *
                           b[(size_t)(flip_b ? l * ldb + j : j * ldb + l)];
                size_t at = (size_t)(j * ldc + i);
                wrong += got[at] != alpha * sum + (fresh ? 0.0f : beta * c[at]);
            }
        tap_check(wrong == 0, "cublas: Sgemm %c%c%s", flip_a ? 'T' : 'N', flip_b ? 'T' : 'N',
                  fresh ? ", C not read" : "");
    }
    tap_check(cublasSgemm(handle, CUBLAS_OP_N, CUBLAS_OP_N, m, n, k, &alpha, nullptr, m - 1,
                          nullptr, k, &beta, nullptr, m) == CUBLAS_STATUS_INVALID_VALUE &&
                  strcmp(cublasGetStatusString(CUBLAS_STATUS_INVALID_VALUE),
                         "CUBLAS_STATUS_INVALID_VALUE") == 0,
              "cublas: a leading dimension that is too small is refused");
    tap_check(cublasDestroy(handle) == CUBLAS_STATUS_SUCCESS, "cublas: destroying a handle");
    MUST(cudaStreamDestroy(stream));
}

/* ---- faults ---- */

#ifdef SGNS_EMULATE

#ifndef __has_feature
#define __has_feature(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define ASAN
#endif
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
#define TSAN
#endif

struct fault_task {
    float *data;
    unsigned n;
};

__global__ void sync_differently(fault_task)
{
    if (threadIdx.x == 3)
        __shfl_sync(0xffffffffu, 1, 0);
    else
        __syncthreads();
}

__global__ void shuffle_without_some(fault_task)
{
    if (threadIdx.x < 16)
        __shfl_xor_sync(0xffffffffu, 1, 1);
    else
        __shfl_xor_sync(0xffff0001u, 1, 1);
}

__global__ void shuffle_without_self(fault_task)
{
    __shfl_sync(0x1u, 1, 0);
}

__global__ void mix_operations(fault_task)
{
    if (threadIdx.x < 16)
        __syncwarp();
    else
        __ballot_sync(0xffffffffu, 1);
}

__global__ void sync_grid(fault_task t)
{
    if (threadIdx.x < t.n)
        cooperative_groups::this_grid().sync();
}

__global__ void write_at(fault_task t)
{
    t.data[t.n] = 1.0f;
}

struct two_arrays {
    float first[8], second[8];
};

__global__ void write_shared_at(fault_task t)
{
    float *data = shared_memory<float>();
    data[t.n] = 1.0f;
}

__global__ void write_array_at(fault_task t)
{
    two_arrays *arrays = shared_memory<two_arrays>();
    arrays->first[t.n] = 1.0f;
}

__global__ void write_local_at(fault_task t)
{
    float local[8] = {0};
    local[t.n] = 1.0f;
    t.data[0] = local[0];
}

/* A missing barrier: a thread reads what another one writes. */
__global__ void reverse_unsynced(numbers_task t)
{
    float *part = shared_memory<float>();
    part[threadIdx.x] = t.in[threadIdx.x];
    t.out[threadIdx.x] = part[threadIdx.x / 2];
}

/* Every block reads what the next one writes, without the grid's barrier. */
__global__ void pass_round(fault_task t)
{
    unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
    t.data[i] = 1.0f;
    for (unsigned n = 0; n < 10; n++)
        __shfl_sync(0xffffffffu, i, 0);
    __syncthreads();
    t.data[t.n + i] = t.data[(i + blockDim.x) % t.n];
}

/* Every lane reads what the next one writes, after an operation that is not a fence or, with
 * t.n, after a fence. */
__global__ void pass_in_warp(fault_task t)
{
    t.data[threadIdx.x] = 1.0f;
    if (t.n)
        __syncwarp();
    else
        __any_sync(0xffffffffu, 1);
    t.data[32 + threadIdx.x] = t.data[(threadIdx.x + 1) % 32];
}

int fault(const std::string &name)
{
    fault_task task = {nullptr, 0};
    if (name == "different-syncs")
        MUST(launch(sync_differently, 2, 64, task));
    else if (name == "lane-missing")
        MUST(launch(shuffle_without_some, 1, 32, task));
    else if (name == "lane-outside")
        MUST(launch(shuffle_without_self, 1, 32, task));
    else if (name == "operations")
        MUST(launch(mix_operations, 1, 32, task));
    else if (name == "grid-plain")
        MUST(launch(sync_grid, 2, 32, {nullptr, 32}));
    else if (name == "grid-exited")
        MUST(launch_together(sync_grid, 2, 32, fault_task{nullptr, 31}));
    MUST(cudaDeviceSynchronize());
    array<float> a(10);
    task = {a.data, 10};
    if (name == "memory")
        MUST(launch(write_at, 1, 1, task));
    else if (name == "shared")
        MUST(launch(write_shared_at, 1, 1, task, 10 * sizeof(float)));
    else if (name == "shared-array")
        MUST(launch(write_array_at, 1, 1, task, sizeof(two_arrays)));
    else if (name == "local")
        MUST(launch(write_local_at, 1, 1, task));
    else if (name == "host-access")
        a.data[0] = 1.0f;
    else if (name == "freed") {
        MUST(cudaFree(a.data));
        MUST(launch(write_at, 1, 1, {a.data, 0}));
        a.data = nullptr;
    }
    MUST(cudaDeviceSynchronize());
    array<float> out(2048);
    if (name == "race-grid")
        MUST(launch_together(pass_round, 4, 1, fault_task{out.data, 4}));
    else if (name == "race-large")
        MUST(launch_together(pass_round, 4, 256, fault_task{out.data, 1024}));
    else if (name == "race-warp" || name == "no-race-warp")
        MUST(launch(pass_in_warp, 1, 32, {out.data, name == "no-race-warp"}));
    MUST(cudaDeviceSynchronize());
    if (name == "race-block" || name == "order") {
        array<float> in(some_numbers(32));
        MUST(launch(reverse_unsynced, 1, 32, {in.data, out.data, 32}, 32 * sizeof(float)));
        std::vector<float> numbers = out.read();
        for (unsigned i = 0; i < 32; i++)
            if (std::isnan(numbers[i]))
                return 1;
    }
    return 0;
}

/* The calls of a program that has no device, too little memory, or loses its device. */
int environment(const std::string &name)
{
    int count = 7;
    float *data = nullptr;
    if (name == "no-device")
        return cudaGetDeviceCount(&count) == cudaErrorNoDevice && count == 0 &&
                       cudaMalloc(&data, 4) == cudaErrorNoDevice
                   ? 0
                   : 1;
    if (name == "memory-small") {
        size_t free_bytes, total;
        MUST(cudaMemGetInfo(&free_bytes, &total));
        MUST(cudaMalloc(&data, 600));
        float *more;
        bool good = free_bytes == 1000 && cudaMalloc(&more, 500) == cudaErrorMemoryAllocation;
        MUST(cudaMemGetInfo(&free_bytes, &total));
        MUST(cudaFree(data));
        return good && free_bytes == 400 && total == 1000 ? 0 : 1;
    }
    /* Lost at the third call. LeakSanitizer checks that memory is still freed. */
    cudaStream_t stream;
    MUST(cudaMalloc(&data, 4));
    MUST(cudaStreamCreate(&stream));
    bool good = cudaMemset(data, 0, 4) == cudaErrorLaunchFailure &&
                launch(write_at, 1, 1, {data, 0}) == cudaErrorLaunchFailure &&
                cudaDeviceSynchronize() == cudaErrorLaunchFailure &&
                cudaStreamDestroy(stream) == cudaErrorLaunchFailure &&
                cudaFree(data) == cudaErrorLaunchFailure &&
                cudaGetLastError() == cudaErrorLaunchFailure &&
                cudaGetLastError() == cudaErrorLaunchFailure;
    return good ? 0 : 1;
}

/* Runs this program with an environment and an argument; returns its output and its exit status. */
std::string run_self(const std::string &settings, const std::string &argument, int &status)
{
    char self[4096], part[4096];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    self[length < 0 ? 0 : length] = '\0';
    std::string output;
    fflush(stdout);
    FILE *pipe = popen((settings + " '" + self + "' " + argument + " 2>&1").c_str(), "r");
    for (size_t n; pipe && (n = fread(part, 1, sizeof part, pipe)) > 0;)
        output.append(part, n);
    status = pipe ? pclose(pipe) : -1;
    return output;
}

void expect_fault(const char *name, const char *message)
{
    int status;
    std::string output =
        run_self("TSAN_OPTIONS=halt_on_error=1 UBSAN_OPTIONS=halt_on_error=1", name, status);
    if (!tap_check(status != 0 && output.find(message) != std::string::npos, "fault %s: %s", name,
                   message))
        printf("# status %d: %s\n", status, output.c_str());
}

void test_faults()
{
    expect_fault("different-syncs", "63 wait at __syncthreads; 1 wait at a warp operation; "
                                    "thread 3 at a shuffle with mask ffffffff");
    expect_fault("lane-missing", "deadlock");
    expect_fault("lane-outside",
                 "a shuffle with mask 00000001, which does not contain its own lane 1");
    expect_fault("operations", "lanes of mask ffffffff are at a vote and __syncwarp");
    expect_fault("grid-plain", "a launch that is not cooperative");
    expect_fault("grid-exited", "31 wait at the grid's sync; 1 have exited");
#ifdef ASAN
    expect_fault("memory", "heap-buffer-overflow");
    expect_fault("shared", "heap-buffer-overflow");
    expect_fault("shared-array", "out of bounds for type");
    expect_fault("local", "out of bounds for type");
    expect_fault("host-access", "use-after-poison");
    expect_fault("freed", "heap-use-after-free");
#else
    for (const char *name : {"memory", "shared", "shared-array", "local", "host-access", "freed"})
        tap_check(true, "fault %s # skip without ASan", name);
#endif
#ifdef TSAN
    for (const char *name : {"race-block", "race-grid", "race-large", "race-warp"})
        expect_fault(name, "data race");
#else
    for (const char *name : {"race-block", "race-grid", "race-large", "race-warp"})
        tap_check(true, "fault %s # skip without TSan", name);
#endif
    struct {
        const char *settings, *argument, *what;
    } const fine[] = {{"EMULATE_DEVICES=0", "no-device", "no device"},
                      {"EMULATE_FREE_BYTES=1000", "memory-small", "little memory"},
                      {"EMULATE_FAIL=3", "lost", "a lost device"},
                      {"", "no-race-warp", "__syncwarp is a fence"},
                      {"EMULATE_ORDER=1", "all", "everything in random order, 1"},
                      {"EMULATE_ORDER=2 EMULATE_SMS=5", "all", "everything in random order, 2"}};
    for (const auto &f : fine) {
        int status;
        std::string output = run_self(f.settings, f.argument, status);
        if (!tap_check(status == 0, "%s", f.what))
            printf("# status %d: %s\n", status, output.c_str());
    }
    int status, other;
    run_self("EMULATE_ORDER=1", "order", status);
    run_self("", "order", other);
#ifdef TSAN
    other = 0; /* a race in any order */
#endif
    tap_check(status != 0 && other == 0, "a missing barrier is detected in another order");
}

#endif

void test_all()
{
    test_blocks();
    test_exited();
    test_dimensions();
    test_warps();
    test_part_of_warp();
    test_atomics();
    test_intrinsics();
    test_cooperative();
    test_refused_launches();
    test_memory();
    test_device();
    test_streams();
    test_cub();
    test_cublas();
#ifdef SGNS_EMULATE
    test_missing_waits();
#endif
    float *data;
    MUST(cudaMalloc(&data, 4));
    tap_check(cudaDeviceReset() == cudaSuccess && cudaMalloc(&data, 4) == cudaSuccess &&
                  cudaFree(data) == cudaSuccess,
              "the device works after a reset");
}

} // namespace

int main(int argc, char **argv)
{
    std::string argument = argc > 1 ? argv[1] : "";
#ifdef SGNS_EMULATE
    if (argument == "no-device" || argument == "memory-small" || argument == "lost")
        return environment(argument);
    if (argument != "" && argument != "all")
        return fault(argument);
#endif
    test_all();
#ifdef SGNS_EMULATE
    if (argument == "")
        test_faults();
#endif
    return tap_end();
}

/* SPDX-License-Identifier: MIT */
/* runtime.cpp -- the calls declared by cuda_runtime.h here: memory, streams, events, launches. */
#include "emulate.h"

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

using emulate::set;

/* ---- calls ---- */

namespace
{

/* A global lock: calls of the runtime by several host threads are serialised, including kernels. */
std::mutex lock;
thread_local cudaError_t last_error;
uint64_t calls;

cudaError_t outcome(cudaError_t result)
{
    if (result != cudaSuccess && result != cudaErrorNotReady)
        last_error = result;
    return result;
}

bool lost()
{
    return set().fail && calls >= set().fail;
}

cudaError_t enter()
{
    calls++;
    return outcome(set().devices == 0 ? cudaErrorNoDevice
                   : lost()           ? cudaErrorLaunchFailure
                                      : cudaSuccess);
}

/* The start of every call. */
#define ENTER()                                                                                    \
    std::lock_guard<std::mutex> hold(lock);                                                        \
    if (cudaError_t refused = enter())                                                             \
    return refused

/* ---- memory ---- */

struct allocation {
    size_t bytes;
    bool on_device;
};

/* The keys are complements of addresses: so lower_bound finds the allocation at or before an
 * address, and LeakSanitizer does not regard the keys as pointers to the memory. */
auto &allocations = *new std::map<uintptr_t, allocation>();
uint64_t used;

std::map<uintptr_t, allocation>::iterator find(const void *data)
{
    return allocations.lower_bound(~reinterpret_cast<uintptr_t>(data));
}

/* Whether `bytes` bytes at `data` are all in one allocation of that kind. */
bool inside(const void *data, size_t bytes, bool on_device)
{
    auto found = find(data);
    if (found == allocations.end() || found->second.on_device != on_device)
        return false;
    size_t offset = reinterpret_cast<uintptr_t>(data) - ~found->first;
    return offset <= found->second.bytes && bytes <= found->second.bytes - offset;
}

/* While an instance exists, the device is working and its memory can be accessed. */
struct device_works {
    device_works()
    {
        for (auto &a : allocations)
            if (a.second.on_device)
                __asan_unpoison_memory_region(reinterpret_cast<void *>(~a.first), a.second.bytes);
    }
    ~device_works()
    {
        for (auto &a : allocations)
            if (a.second.on_device)
                __asan_poison_memory_region(reinterpret_cast<void *>(~a.first), a.second.bytes);
    }
};

/* ---- streams ---- */

struct queue;

/* A point in a stream: after its first `number` operations. */
struct ticket {
    std::shared_ptr<queue> stream;
    uint64_t number;
};

struct operation {
    std::function<void()> work;
    std::vector<ticket> after;
};

struct queue {
    bool blocking; /* synchronises with the default stream */
    std::deque<operation> pending;
    uint64_t done = 0;

    uint64_t submitted() const
    {
        return done + pending.size();
    }
};

/* The default stream and those created. Never destroyed: programs may free streams at exit. */
auto &queues =
    *new std::vector<std::shared_ptr<queue>>{std::make_shared<queue>(queue{true, {}, 0})};

} // namespace

struct CUstream_st {
    std::shared_ptr<queue> operations;
};

struct CUevent_st {
    bool timing;
    ticket at; /* the point at which it was last recorded */
    std::shared_ptr<timespec> time;
};

namespace
{

void run_next(queue &q)
{
    /* An operation only waits for operations submitted before it, so this terminates. */
    for (const ticket &t : std::vector<ticket>(q.pending.front().after))
        while (t.stream->done < t.number)
            run_next(*t.stream);
    operation next = std::move(q.pending.front());
    q.pending.pop_front();
    q.done++;
    if (next.work)
        next.work();
}

/* Runs a stream up to an operation, with only those operations of other streams that it depends
 * on or, under EMULATE_ORDER, with random others in between, as a device might. */
void run_until(queue &q, uint64_t number)
{
    if (q.done >= number)
        return;
    device_works device;
    while (q.done < number) {
        queue &other = *queues[emulate::random_below(queues.size())];
        if (set().order && !other.pending.empty() && emulate::random_below(2))
            run_next(other);
        else
            run_next(q);
    }
}

void run_all(queue &q)
{
    run_until(q, q.submitted());
}

/* The newest stream first: as correct as any other order, but rarely the intended one. */
void run_all()
{
    for (size_t i = queues.size(); i-- > 0;)
        run_all(*queues[i]);
}

const std::shared_ptr<queue> &queue_of(cudaStream_t stream)
{
    return stream ? stream->operations : queues[0];
}

/* The default stream waits for all blocking streams, and they wait for it. */
ticket submit(const std::shared_ptr<queue> &q, std::function<void()> work,
              const ticket *after = nullptr)
{
    operation next = {std::move(work), {}};
    if (after)
        next.after.push_back(*after);
    for (const auto &other : queues)
        if (other != q && q->blocking && other->blocking && (q == queues[0] || other == queues[0]))
            next.after.push_back({other, other->submitted()});
    q->pending.push_back(std::move(next));
    return {q, q->submitted()};
}

cudaError_t release(void *data, bool on_device)
{
    std::lock_guard<std::mutex> hold(lock);
    cudaError_t result = enter();
    if (!data)
        return result;
    if (result == cudaSuccess)
        run_all(); /* cudaFree waits for the device */
    auto found = find(data);
    if (found == allocations.end() || ~found->first != reinterpret_cast<uintptr_t>(data) ||
        found->second.on_device != on_device)
        return outcome(result ? result : cudaErrorInvalidValue);
    if (on_device)
        used -= found->second.bytes;
    __asan_unpoison_memory_region(data, found->second.bytes);
    allocations.erase(found);
    free(data);
    return result; /* the memory of a lost device is freed, too */
}

cudaError_t copy(void *to, const void *from, size_t bytes, cudaMemcpyKind kind, cudaStream_t stream,
                 bool wait)
{
    ENTER();
    if (bytes == 0)
        return cudaSuccess;
    bool to_device = inside(to, bytes, true), from_device = inside(from, bytes, true);
    if (kind != cudaMemcpyDefault &&
        kind != (from_device ? to_device ? cudaMemcpyDeviceToDevice : cudaMemcpyDeviceToHost
                 : to_device ? cudaMemcpyHostToDevice
                             : cudaMemcpyHostToHost))
        return outcome(cudaErrorInvalidValue);
    const std::shared_ptr<queue> &q = queue_of(stream);
    if (!from_device && !inside(from, bytes, false)) {
        /* Pageable: read immediately, as by CUDA. */
        auto staged =
            std::make_shared<std::vector<char>>((const char *)from, (const char *)from + bytes);
        submit(q, [=] { memcpy(to, staged->data(), bytes); });
    } else {
        submit(q, [=] { memcpy(to, from, bytes); });
    }
    bool pageable = !to_device && !inside(to, bytes, false);
    if (wait ? !(from_device && to_device) : pageable)
        run_all(*q);
    return cudaSuccess;
}

cudaError_t set_bytes(void *to, int value, size_t bytes, cudaStream_t stream)
{
    ENTER();
    if (bytes && !inside(to, bytes, true) && !inside(to, bytes, false))
        return outcome(cudaErrorInvalidValue);
    submit(queue_of(stream), [=] { memset(to, value, bytes); });
    return cudaSuccess;
}

/* ---- launches: the limits of compute capability 9.0 ---- */

const int SHARED_DEFAULT = 48 << 10, SHARED_MOST = 227 << 10, SHARED_OF_PROCESSOR = 228 << 10,
          SHARED_RESERVED = 1 << 10, THREADS_OF_BLOCK = 1024, THREADS_OF_PROCESSOR = 2048,
          L2_CACHE = 1 << 20;

/* Fewer than on a device, so that grids are small. */
const int BLOCKS_OF_PROCESSOR = 2;

std::map<const void *, int> shared_limits;

bool shared_fits(const void *kernel, size_t shared)
{
    auto raised = shared_limits.find(kernel);
    return shared <= (size_t)(raised == shared_limits.end() ? SHARED_DEFAULT : raised->second);
}

int blocks_of_processor(const void *kernel, uint64_t threads, size_t shared)
{
    if (threads > (uint64_t)THREADS_OF_BLOCK || !shared_fits(kernel, shared))
        return 0;
    uint64_t rounded = (threads + 31) / 32 * 32, by_threads = THREADS_OF_PROCESSOR / rounded;
    uint64_t by_shared = SHARED_OF_PROCESSOR / (shared + SHARED_RESERVED);
    return (int)std::min<uint64_t>({by_threads, by_shared, (uint64_t)BLOCKS_OF_PROCESSOR});
}

} // namespace

namespace emulate
{

cudaError_t enqueue(cudaStream_t stream, std::function<void()> work)
{
    ENTER();
    submit(queue_of(stream), std::move(work));
    return cudaSuccess;
}

cudaError_t launch(const void *kernel, const char *name, std::function<void()> body, dim3 grid,
                   dim3 block, size_t shared, cudaStream_t stream, bool cooperative)
{
    ENTER();
    uint64_t threads = (uint64_t)block.x * block.y * block.z;
    uint64_t blocks = (uint64_t)grid.x * grid.y * grid.z;
    if (threads == 0 || threads > (uint64_t)THREADS_OF_BLOCK || block.z > 64 || blocks == 0 ||
        grid.x > 0x7fffffff || grid.y > 0xffff || grid.z > 0xffff)
        return outcome(cudaErrorInvalidConfiguration);
    if (!shared_fits(kernel, shared))
        return outcome(cudaErrorInvalidValue);
    if (cooperative &&
        blocks > set().processors * (uint64_t)blocks_of_processor(kernel, threads, shared))
        return outcome(cudaErrorCooperativeLaunchTooLarge);
    submit(queue_of(stream), [=] { run_grid(name, body, grid, block, shared, cooperative); });
    return cudaSuccess;
}

cudaError_t raise_shared_limit(const void *kernel, int attribute, int bytes)
{
    ENTER();
    if (attribute != cudaFuncAttributeMaxDynamicSharedMemorySize || bytes < 0 ||
        bytes > SHARED_MOST)
        return outcome(cudaErrorInvalidValue);
    shared_limits[kernel] = bytes;
    return cudaSuccess;
}

cudaError_t occupancy(int *blocks, const void *kernel, int block, size_t shared)
{
    ENTER();
    if (block <= 0)
        return outcome(cudaErrorInvalidValue);
    *blocks = blocks_of_processor(kernel, (uint64_t)block, shared);
    return cudaSuccess;
}

cudaError_t allocate(void **data, size_t bytes, bool on_device)
{
    ENTER();
    *data = nullptr;
    if (bytes == 0)
        return cudaSuccess;
    if (on_device && bytes > set().memory - used)
        return outcome(cudaErrorMemoryAllocation);
    if (posix_memalign(data, 256, bytes) != 0)
        return outcome(cudaErrorMemoryAllocation);
    fill(*data, bytes);
    allocations[~reinterpret_cast<uintptr_t>(*data)] = {bytes, on_device};
    if (on_device) {
        used += bytes;
        __asan_poison_memory_region(*data, bytes);
    }
    return cudaSuccess;
}

} // namespace emulate

/* ---- the runtime ---- */

cudaError_t cudaPeekAtLastError()
{
    return last_error;
}

cudaError_t cudaGetLastError()
{
    std::lock_guard<std::mutex> hold(lock);
    cudaError_t error = last_error;
    if (!lost())
        last_error = cudaSuccess;
    return error;
}

const char *cudaGetErrorName(cudaError_t error)
{
#define EMULATE_NAME(name, number, text)                                                           \
    case name:                                                                                     \
        return #name;
    switch (error) {
        EMULATE_ERRORS(EMULATE_NAME)
    }
    return "unrecognized error code";
}

const char *cudaGetErrorString(cudaError_t error)
{
#define EMULATE_TEXT(name, number, text)                                                           \
    case name:                                                                                     \
        return text;
    switch (error) {
        EMULATE_ERRORS(EMULATE_TEXT)
    }
    return "unrecognized error code";
}

cudaError_t cudaDriverGetVersion(int *version)
{
    *version = 13000;
    return cudaSuccess;
}

cudaError_t cudaRuntimeGetVersion(int *version)
{
    *version = 13000;
    return cudaSuccess;
}

cudaError_t cudaGetDeviceCount(int *count)
{
    *count = 0;
    ENTER();
    *count = 1;
    return cudaSuccess;
}

cudaError_t cudaGetDevice(int *device)
{
    ENTER();
    *device = 0;
    return cudaSuccess;
}

cudaError_t cudaSetDevice(int device)
{
    ENTER();
    return outcome(device == 0 ? cudaSuccess : cudaErrorInvalidDevice);
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp *properties, int device)
{
    ENTER();
    if (device != 0)
        return outcome(cudaErrorInvalidDevice);
    *properties = {"emulated device",
                   (size_t)set().memory,
                   SHARED_DEFAULT,
                   SHARED_MOST,
                   SHARED_OF_PROCESSOR,
                   9,
                   0,
                   (int)set().processors,
                   1,
                   32,
                   L2_CACHE,
                   THREADS_OF_BLOCK,
                   THREADS_OF_PROCESSOR};
    return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int *value, cudaDeviceAttr attribute, int device)
{
    ENTER();
    static const std::map<cudaDeviceAttr, int> values = {
        {cudaDevAttrMaxThreadsPerBlock, THREADS_OF_BLOCK},
        {cudaDevAttrMaxSharedMemoryPerBlock, SHARED_DEFAULT},
        {cudaDevAttrWarpSize, 32},
        {cudaDevAttrMultiProcessorCount, (int)set().processors},
        {cudaDevAttrL2CacheSize, L2_CACHE},
        {cudaDevAttrMaxThreadsPerMultiProcessor, THREADS_OF_PROCESSOR},
        {cudaDevAttrComputeCapabilityMajor, 9},
        {cudaDevAttrComputeCapabilityMinor, 0},
        {cudaDevAttrMaxSharedMemoryPerMultiprocessor, SHARED_OF_PROCESSOR},
        {cudaDevAttrCooperativeLaunch, 1},
        {cudaDevAttrMaxSharedMemoryPerBlockOptin, SHARED_MOST}};
    auto found = values.find(attribute);
    if (device != 0)
        return outcome(cudaErrorInvalidDevice);
    if (found == values.end())
        return outcome(cudaErrorInvalidValue);
    *value = found->second;
    return cudaSuccess;
}

cudaError_t cudaMemGetInfo(size_t *free, size_t *total)
{
    ENTER();
    *free = (size_t)(set().memory - used);
    *total = (size_t)set().memory;
    return cudaSuccess;
}

cudaError_t cudaDeviceSynchronize()
{
    ENTER();
    run_all();
    return cudaSuccess;
}

/* Frees all memory; handles of streams and events must be destroyed before. */
cudaError_t cudaDeviceReset()
{
    ENTER();
    run_all();
    for (auto &a : allocations) {
        void *data = reinterpret_cast<void *>(~a.first);
        __asan_unpoison_memory_region(data, a.second.bytes);
        free(data);
    }
    allocations.clear();
    shared_limits.clear();
    used = 0;
    return cudaSuccess;
}

cudaError_t cudaFree(void *data)
{
    return release(data, true);
}

cudaError_t cudaFreeHost(void *data)
{
    return release(data, false);
}

cudaError_t cudaMemcpy(void *to, const void *from, size_t bytes, cudaMemcpyKind kind)
{
    return copy(to, from, bytes, kind, 0, true);
}

cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream)
{
    return copy(to, from, bytes, kind, stream, false);
}

cudaError_t cudaMemset(void *to, int value, size_t bytes)
{
    return set_bytes(to, value, bytes, 0);
}

cudaError_t cudaMemsetAsync(void *to, int value, size_t bytes, cudaStream_t stream)
{
    return set_bytes(to, value, bytes, stream);
}

cudaError_t cudaStreamCreate(cudaStream_t *stream)
{
    return cudaStreamCreateWithFlags(stream, cudaStreamDefault);
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t *stream, unsigned flags)
{
    ENTER();
    queues.push_back(std::make_shared<queue>(queue{!(flags & cudaStreamNonBlocking), {}, 0}));
    *stream = new CUstream_st{queues.back()};
    return cudaSuccess;
}

cudaError_t cudaStreamDestroy(cudaStream_t stream)
{
    std::lock_guard<std::mutex> hold(lock);
    cudaError_t result = enter();
    if (result == cudaSuccess)
        run_all(*stream->operations);
    queues.erase(std::find(queues.begin(), queues.end(), stream->operations));
    delete stream;
    return result;
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream)
{
    ENTER();
    run_all(*queue_of(stream));
    return cudaSuccess;
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned)
{
    ENTER();
    if (event->at.stream)
        submit(queue_of(stream), nullptr, &event->at);
    return cudaSuccess;
}

cudaError_t cudaEventCreate(cudaEvent_t *event)
{
    return cudaEventCreateWithFlags(event, cudaEventDefault);
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t *event, unsigned flags)
{
    ENTER();
    *event = new CUevent_st{!(flags & cudaEventDisableTiming), {nullptr, 0}, nullptr};
    return cudaSuccess;
}

cudaError_t cudaEventDestroy(cudaEvent_t event)
{
    std::lock_guard<std::mutex> hold(lock);
    delete event;
    return enter();
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream)
{
    ENTER();
    auto time = event->time = std::make_shared<timespec>();
    event->at = submit(queue_of(stream), [=] { clock_gettime(CLOCK_MONOTONIC, time.get()); });
    return cudaSuccess;
}

cudaError_t cudaEventSynchronize(cudaEvent_t event)
{
    ENTER();
    if (event->at.stream)
        run_until(*event->at.stream, event->at.number);
    return cudaSuccess;
}

cudaError_t cudaEventElapsedTime(float *milliseconds, cudaEvent_t start, cudaEvent_t end)
{
    ENTER();
    for (cudaEvent_t event : {start, end}) {
        if (!event->timing || !event->at.stream)
            return outcome(cudaErrorInvalidResourceHandle);
        if (event->at.stream->done < event->at.number)
            return cudaErrorNotReady;
    }
    *milliseconds = (float)((end->time->tv_sec - start->time->tv_sec) * 1e3 +
                            (end->time->tv_nsec - start->time->tv_nsec) / 1e6);
    return cudaSuccess;
}

/* SPDX-License-Identifier: MIT */
/* kernels.cpp -- running a kernel: a fiber for every thread, barriers, warp operations.
 *
 * A scheduler switches between threads, from a queue of those that are ready. A thread that waits
 * leaves the queue, until the last one that it waits for puts it back. If the queue is empty but
 * threads remain, that is a deadlock.
 *
 * For ThreadSanitizer the fibers are threads, and it is informed about the guarantees of CUDA:
 * barriers, __syncwarp, and the start and the end of a launch order memory accesses. It is not
 * informed that only one fiber runs at a time, so that it detects accesses of two threads of a
 * kernel to the same memory without a barrier in between. It can distinguish 255 threads. If
 * there are more, every warp is one thread for it, and it detects races between warps. The code
 * of this file that runs on fibers is UNWATCHED, because it relies on one fiber running at a
 * time. / */
#include "emulate.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <vector>

#if !defined(__x86_64__) || defined(EMULATE_UCONTEXT)
#include <ucontext.h>
#endif

uint3 threadIdx, blockIdx;
dim3 blockDim, gridDim;

#define UNWATCHED __attribute__((no_sanitize("thread")))

namespace
{

/* ---- fibers ---- */

const size_t STACK = 128 * 1024, GUARD = 64 * 1024; /* whole pages, for any page size */
const unsigned TSAN_MOST = 200;

#if defined(__x86_64__) && !defined(EMULATE_UCONTEXT)
/* Many times faster than swapcontext, which makes system calls and is not well supported by
 * ASan. */
typedef void *context;
extern "C" void emulate_switch(context *from, context to);
asm(R"(
    .text
    .globl emulate_switch
    .type emulate_switch, @function
emulate_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
    .size emulate_switch, .-emulate_switch
)");

inline __attribute__((always_inline)) void switch_context(context &from, context &to)
{
    emulate_switch(&from, to);
}

/* The stack that emulate_switch expects: six registers, its return address, and that of `entry`. */
void prepare(context &context, char *stack, void (*entry)())
{
    void **top = reinterpret_cast<void **>(stack + STACK) - 8;
    std::fill(top, top + 8, nullptr);
    top[6] = reinterpret_cast<void *>(entry);
    context = top;
}
#else
typedef ucontext_t context;

inline __attribute__((always_inline)) void switch_context(context &from, context &to)
{
    swapcontext(&from, &to);
}

void prepare(context &context, char *stack, void (*entry)())
{
    getcontext(&context);
    context.uc_stack.ss_sp = stack;
    context.uc_stack.ss_size = STACK;
    context.uc_link = nullptr;
    makecontext(&context, entry, 0);
}
#endif

enum thread_state { RUNNING, AT_BLOCK, AT_GRID, AT_WARP, EXITED };

struct block;

/* A CUDA thread, and the fiber that it runs on, which is reused for later threads. */
struct thread {
    context registers;
    char *stack;
    void *fake_stack, *tsan, *tsan_as; /* its own fiber in TSan, and the one that represents it */
    ::block *block;
    uint3 index;
    unsigned rank;
    thread_state state;
    /* The warp operation it waits at, and the result. */
    const char *operation;
    unsigned mask;
    uint64_t value;
    emulate::exchanged received;
    /* Identify a sync for TSan. Two alternate, so that a thread that is late to leave one sync
     * is not ordered after those that have reached the next. */
    unsigned char order[2];
    unsigned turn;
};

struct block {
    uint3 index;
    thread **threads;
    unsigned size, live, arrived;
    unsigned char *shared;
    unsigned char order[2]; /* as in a thread */
    unsigned turn;
};

/* The current launch. */
struct running {
    const char *name;
    const std::function<void()> *body;
    bool cooperative;
    block *blocks; /* that are alive */
    uint64_t block_count;
    unsigned arrived, threads; /* at the grid's barrier, in total */
    thread **ready;            /* a ring buffer with room for all threads */
    size_t first_ready, ready_count;
    unsigned char order[2], started, ended; /* as in a thread */
    unsigned turn;
    thread *self;
    context scheduler;
    void *tsan;
    const void *stack; /* the scheduler's, for ASan */
    size_t stack_bytes;
} now;

[[noreturn]] __attribute__((format(printf, 1, 2))) void die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "emulate: kernel with parameter %s: ", now.name);
    if (now.self)
        fprintf(stderr, "block (%u,%u,%u) thread (%u,%u,%u): ", blockIdx.x, blockIdx.y, blockIdx.z,
                threadIdx.x, threadIdx.y, threadIdx.z);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    abort();
}

UNWATCHED thread *&ready(size_t i)
{
    return now.ready[(now.first_ready + i) % now.threads];
}

UNWATCHED void make_ready(thread *t)
{
    t->state = RUNNING;
    ready(now.ready_count++) = t;
}

UNWATCHED void switch_to(thread *t)
{
    void *fake_stack = nullptr;
    now.self = t;
    threadIdx = t->index;
    blockIdx = t->block->index;
    __sanitizer_start_switch_fiber(&fake_stack, t->stack, STACK);
    __tsan_switch_to_fiber(t->tsan_as, __tsan_switch_to_fiber_no_sync);
    switch_context(now.scheduler, t->registers);
    __sanitizer_finish_switch_fiber(fake_stack, nullptr, nullptr);
    now.self = nullptr;
}

/* Switches to the scheduler; returns when that switches to this fiber again. */
UNWATCHED void leave()
{
    thread *t = now.self;
    __sanitizer_start_switch_fiber(&t->fake_stack, now.stack, now.stack_bytes);
    __tsan_switch_to_fiber(now.tsan, __tsan_switch_to_fiber_no_sync);
    switch_context(t->registers, now.scheduler);
    __sanitizer_finish_switch_fiber(t->fake_stack, &now.stack, &now.stack_bytes);
}

UNWATCHED void settle_block(block *b)
{
    if (b->live == 0 || b->arrived < b->live)
        return;
    b->arrived = 0;
    b->turn ^= 1;
    for (unsigned i = 0; i < b->size; i++)
        if (b->threads[i]->state == AT_BLOCK)
            make_ready(b->threads[i]);
}

/* Completes the operation with this mask of the warp that starts at thread `first` if all
 * existing lanes of the mask have reached it, except those that have exited. */
UNWATCHED void settle_warp(block *b, unsigned first, unsigned mask)
{
    emulate::exchanged all;
    const char *operation = nullptr;
    memset(all.value, 0xfa, sizeof all.value);
    all.present = all.turns = 0;
    /* Starts with the last lane, which usually arrives last, so that this usually returns at
     * once. */
    for (unsigned lane = 32; lane-- > 0;) {
        if (!(mask >> lane & 1) || first + lane >= b->size ||
            b->threads[first + lane]->state == EXITED)
            continue;
        thread *t = b->threads[first + lane];
        if (t->state != AT_WARP || t->mask != mask)
            return;
        if (operation && strcmp(operation, t->operation) != 0)
            die("lanes of mask %08x are at %s and %s", mask, operation, t->operation);
        operation = t->operation;
        all.value[lane] = t->value;
        all.present |= 1u << lane;
        all.turns |= t->turn << lane;
    }
    for (unsigned lane = 0; lane < 32; lane++)
        if (all.present >> lane & 1) {
            thread *t = b->threads[first + lane];
            t->received.present = all.present;
            t->received.turns = all.turns;
            volatile uint64_t *to = t->received.value; /* prevents a memcpy, which TSan watches */
            for (unsigned i = 0; i < 32; i++)
                to[i] = all.value[i];
            make_ready(t);
        }
}

/* Marks a thread as exited: other threads no longer wait for it. */
UNWATCHED void retire(thread *t)
{
    block *b = t->block;
    unsigned first = t->rank & ~31u;
    t->state = EXITED;
    __tsan_release(&b->order[b->turn]);
    __tsan_release(&now.ended);
    b->live--;
    settle_block(b);
    for (unsigned i = first; i < first + 32 && i < b->size; i++)
        if (b->threads[i]->state == AT_WARP)
            settle_warp(b, first, b->threads[i]->mask);
}

/* A fiber runs one thread after another, also in later launches. */
UNWATCHED void fiber()
{
    __sanitizer_finish_switch_fiber(nullptr, &now.stack, &now.stack_bytes);
    for (;;) {
        __tsan_acquire(&now.started);
        (*now.body)();
        retire(now.self);
        leave();
    }
}

thread *create_thread()
{
    void *memory =
        mmap(nullptr, GUARD + STACK, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    char *stack = static_cast<char *>(memory) + GUARD; /* accesses below it fault */
    if (memory == MAP_FAILED || mprotect(stack, STACK, PROT_READ | PROT_WRITE) != 0)
        die("no memory for the threads' stacks");
    thread *t = new thread();
    t->stack = stack;
    t->tsan = __tsan_create_fiber(0);
    prepare(t->registers, stack, fiber);
    return t;
}

void start(thread *t, block *b, unsigned rank)
{
    t->block = b;
    t->rank = rank;
    t->tsan_as = b->threads[now.threads > TSAN_MOST ? rank & ~31u : rank]->tsan;
    t->index = {rank % blockDim.x, rank / blockDim.x % blockDim.y, rank / blockDim.x / blockDim.y};
    make_ready(t);
}

[[noreturn]] void report_deadlock()
{
    static const char *const states[] = {"run", "wait at __syncthreads", "wait at the grid's sync",
                                         "wait at a warp operation", "have exited"};
    unsigned shown = 0;
    fprintf(stderr, "emulate: deadlock\n");
    for (const block *b = now.blocks; b < now.blocks + now.block_count; b++) {
        unsigned count[5] = {0, 0, 0, 0, 0};
        const thread *at_warp = nullptr;
        for (unsigned i = 0; i < b->size; i++) {
            count[b->threads[i]->state]++;
            if (b->threads[i]->state == AT_WARP && !at_warp)
                at_warp = b->threads[i];
        }
        if (count[EXITED] == b->size || shown++ == 4)
            continue;
        fprintf(stderr, "  block (%u,%u,%u):", b->index.x, b->index.y, b->index.z);
        for (unsigned i = 0; i < 5; i++)
            if (count[i])
                fprintf(stderr, " %u %s;", count[i], states[i]);
        if (at_warp)
            fprintf(stderr, " thread %u at %s with mask %08x", at_warp->rank, at_warp->operation,
                    at_warp->mask);
        fputc('\n', stderr);
    }
    die("no thread can continue");
}

/* Runs now.blocks, all at the same time. */
void run_blocks()
{
    std::vector<thread *> ring(now.threads);
    now.ready = ring.data();
    now.first_ready = now.ready_count = now.arrived = 0;
    for (block *b = now.blocks; b < now.blocks + now.block_count; b++)
        for (unsigned i = 0; i < b->size; i++)
            start(b->threads[i], b, i);
    __tsan_release(&now.started);
    while (now.ready_count > 0) {
        std::swap(ready(0), ready(emulate::random_below(now.ready_count)));
        thread *next = ready(0);
        now.first_ready++;
        now.ready_count--;
        switch_to(next);
    }
    __tsan_acquire(&now.ended);
    for (const block *b = now.blocks; b < now.blocks + now.block_count; b++)
        if (b->live > 0)
            report_deadlock();
}

block make_block(uint64_t number, thread **threads, unsigned size, size_t shared)
{
    block b = {};
    b.index = {(unsigned)(number % gridDim.x), (unsigned)(number / gridDim.x % gridDim.y),
               (unsigned)(number / gridDim.x / gridDim.y)};
    b.threads = threads;
    b.size = b.live = size;
    b.shared = static_cast<unsigned char *>(malloc(shared));
    if (shared && !b.shared)
        die("no memory for shared memory");
    emulate::fill(b.shared, shared);
    return b;
}

uint64_t setting(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text && *text ? strtoull(text, nullptr, 10) : otherwise;
}

} // namespace

namespace emulate
{

const settings &set()
{
    static const settings settings = {setting("EMULATE_DEVICES", 1), setting("EMULATE_SMS", 3),
                                      setting("EMULATE_FREE_BYTES", 8ull << 30),
                                      setting("EMULATE_FAIL", 0), setting("EMULATE_ORDER", 0)};
    return settings;
}

UNWATCHED uint64_t random_below(uint64_t n)
{
    static uint64_t state = set().order;
    if (set().order == 0)
        return 0;
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state >> 33) % n;
}

void fill(void *data, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        static_cast<unsigned char *>(data)[i] = i % 2 ? 0x7f : 0xfa;
}

void run_grid(const char *name, const std::function<void()> &body, dim3 grid, dim3 block_dim,
              size_t shared, bool cooperative)
{
    static auto &threads = *new std::vector<thread *>(); /* never destroyed: also used at exit */
    uint64_t count = (uint64_t)grid.x * grid.y * grid.z;
    uint64_t at_once = cooperative ? count : std::min<uint64_t>(count, 2);
    unsigned size = block_dim.x * block_dim.y * block_dim.z;
    std::vector<uint64_t> numbers(count);
    for (uint64_t i = 0; i < count; i++) { /* shuffles while filling */
        uint64_t other = cooperative || !set().order ? i : random_below(i + 1);
        numbers[i] = numbers[other];
        numbers[other] = i;
    }
    now = {};
    now.name = name;
    now.body = &body;
    now.cooperative = cooperative;
    now.tsan = __tsan_get_current_fiber();
    gridDim = grid;
    blockDim = block_dim;
    while (threads.size() < at_once * size)
        threads.push_back(create_thread());
    for (uint64_t first = 0; first < count; first += at_once) {
        std::vector<block> blocks;
        for (uint64_t i = first; i < std::min(first + at_once, count); i++)
            blocks.push_back(make_block(numbers[i], &threads[(i - first) * size], size, shared));
        now.blocks = blocks.data();
        now.block_count = blocks.size();
        now.threads = (unsigned)blocks.size() * size;
        run_blocks();
        for (block &b : blocks)
            free(b.shared);
    }
}

UNWATCHED unsigned lane()
{
    return now.self->rank % 32;
}

UNWATCHED const exchanged &exchange(const char *what, unsigned mask, uint64_t value)
{
    thread *t = now.self;
    if (!(mask >> lane() & 1))
        die("%s with mask %08x, which does not contain its own lane %u", what, mask, lane());
    t->operation = what;
    t->mask = mask;
    t->value = value;
    t->state = AT_WARP;
    settle_warp(t->block, t->rank & ~31u, mask);
    leave();
    return t->received;
}

UNWATCHED void sync_warp(unsigned mask)
{
    thread *t = now.self, **warp = t->block->threads + (t->rank & ~31u);
    t->turn ^= 1;
    __tsan_release(&t->order[t->turn]);
    const exchanged &all = exchange("__syncwarp", mask, 0);
    for (unsigned lane = 0; lane < 32; lane++)
        if (all.present >> lane & 1)
            __tsan_acquire(&warp[lane]->order[all.turns >> lane & 1]);
}

UNWATCHED void sync_block()
{
    thread *t = now.self;
    unsigned char *order = &t->block->order[t->block->turn];
    __tsan_release(order);
    t->state = AT_BLOCK;
    t->block->arrived++;
    settle_block(t->block);
    leave();
    __tsan_acquire(order);
}

/* All threads must arrive; none may have exited: on a device it may be the one that signals. */
UNWATCHED void sync_grid()
{
    if (!now.cooperative)
        die("sync of the grid in a launch that is not cooperative");
    unsigned char *order = &now.order[now.turn];
    __tsan_release(order);
    now.self->state = AT_GRID;
    if (++now.arrived == now.threads) {
        now.arrived = 0;
        now.turn ^= 1;
        for (block *b = now.blocks; b < now.blocks + now.block_count; b++)
            for (unsigned i = 0; i < b->size; i++)
                make_ready(b->threads[i]);
    }
    leave();
    __tsan_acquire(order);
}

UNWATCHED void yield()
{
    make_ready(now.self);
    leave();
}

void yield_perhaps()
{
    if (random_below(4) == 1)
        yield();
}

UNWATCHED bool in_cooperative_grid()
{
    return now.cooperative;
}

UNWATCHED unsigned char *shared_bytes()
{
    return now.self->block->shared;
}

} // namespace emulate

long long clock64()
{
    timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000ll + time.tv_nsec;
}

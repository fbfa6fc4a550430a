/* SPDX-License-Identifier: MIT */
/* emulate.h -- the interface between kernels.cpp and runtime.cpp. Programs use cuda_runtime.h. */
#ifndef EMULATE_H
#define EMULATE_H

#include "cuda_runtime.h"

/* Calls to the sanitizers; no-ops without them. */
#ifndef __has_feature
#define __has_feature(feature) 0
#endif
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
#include <sanitizer/tsan_interface.h>
#else
#define __tsan_switch_to_fiber_no_sync       1
#define __tsan_acquire(address)              (void)(address)
#define __tsan_release(address)              (void)(address)
#define __tsan_create_fiber(flags)           nullptr
#define __tsan_get_current_fiber()           nullptr
#define __tsan_switch_to_fiber(fiber, flags) (void)(fiber)
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#else
#define __asan_poison_memory_region(data, bytes)           (void)(data)
#define __asan_unpoison_memory_region(data, bytes)         (void)(data)
#define __sanitizer_start_switch_fiber(fake, data, bytes)  (void)(fake)
#define __sanitizer_finish_switch_fiber(fake, data, bytes) (void)(fake), (void)(data), (void)(bytes)
#endif

namespace emulate
{

/* The environment, see cuda_runtime.h. */
struct settings {
    uint64_t devices, processors, memory, fail, order;
};
const settings &set();

/* A number below n; always 0 without EMULATE_ORDER. */
uint64_t random_below(uint64_t n);

/* The content of uninitialised memory: NaN in every format, and a large number. */
void fill(void *data, size_t bytes);

/* Every thread calls `body`, which calls the kernel. `name` is for messages. */
void run_grid(const char *name, const std::function<void()> &body, dim3 grid, dim3 block,
              size_t shared, bool cooperative);

} // namespace emulate

#endif

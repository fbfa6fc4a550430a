/* SPDX-License-Identifier: MIT */
/* cub.cuh -- see cuda_runtime.h here. As in CUB, a call without scratch memory only returns the
 * size that is needed. The scratch memory is overwritten, to check that it exists. */
#ifndef EMULATE_CUB_CUH
#define EMULATE_CUB_CUH

#include <algorithm>
#include <numeric>
#include <vector>

#include "../cuda_runtime.h"

namespace cub
{

/* Both calls: the first sets `bytes`, the second runs `work` on the stream. */
template <class F>
cudaError_t emulate_call(void *scratch, size_t &bytes, size_t items, cudaStream_t stream, F work)
{
    size_t needed = 256 + 8 * items;
    if (!scratch) {
        bytes = needed;
        return cudaSuccess;
    }
    if (bytes < needed)
        return cudaErrorInvalidValue;
    return emulate::enqueue(stream, [=] {
        memset(scratch, 0x5a, needed);
        work();
    });
}

struct DeviceRadixSort {
    /* Maps keys to unsigned numbers with the same order; −0 equals 0. */
    template <class K> static uint64_t digits(K key, int begin_bit, int end_bit)
    {
        const int size = 8 * (int)sizeof(K);
        uint64_t number = emulate::bits<uint64_t>((K)(key + K(0))), sign = 1ull << (size - 1);
        if (std::is_floating_point<K>::value)
            number = number & sign ? ~number : number | sign;
        else if (std::is_signed<K>::value)
            number ^= sign;
        number = number << (64 - end_bit) >> (64 - end_bit);
        return number >> begin_bit;
    }

    template <class K, class V, class N>
    static cudaError_t SortPairs(void *scratch, size_t &bytes, const K *keys_in, K *keys_out,
                                 const V *values_in, V *values_out, N items, int begin_bit = 0,
                                 int end_bit = sizeof(K) * 8, cudaStream_t stream = 0)
    {
        if (begin_bit < 0 || begin_bit >= end_bit || end_bit > (int)sizeof(K) * 8)
            return cudaErrorInvalidValue;
        return emulate_call(scratch, bytes, (size_t)items, stream, [=] {
            std::vector<size_t> order((size_t)items);
            std::iota(order.begin(), order.end(), (size_t)0);
            std::stable_sort(order.begin(), order.end(), [=](size_t a, size_t b) {
                return digits(keys_in[a], begin_bit, end_bit) <
                       digits(keys_in[b], begin_bit, end_bit);
            });
            for (size_t i = 0; i < order.size(); i++) {
                keys_out[i] = keys_in[order[i]];
                if (values_out)
                    values_out[i] = values_in[order[i]];
            }
        });
    }

    template <class K, class N>
    static cudaError_t SortKeys(void *scratch, size_t &bytes, const K *keys_in, K *keys_out,
                                N items, int begin_bit = 0, int end_bit = sizeof(K) * 8,
                                cudaStream_t stream = 0)
    {
        return SortPairs(scratch, bytes, keys_in, keys_out, (const char *)nullptr, (char *)nullptr,
                         items, begin_bit, end_bit, stream);
    }
};

struct DeviceScan {
    template <class T, class U, class N>
    static cudaError_t scan(bool inclusive, void *scratch, size_t &bytes, const T *in, U *out,
                            N items, cudaStream_t stream)
    {
        return emulate_call(scratch, bytes, (size_t)items, stream, [=] {
            T sum = T();
            for (size_t i = 0; i < (size_t)items; i++) {
                T before = sum;
                sum = sum + in[i];
                out[i] = inclusive ? sum : before;
            }
        });
    }

    template <class T, class U, class N>
    static cudaError_t ExclusiveSum(void *scratch, size_t &bytes, const T *in, U *out, N items,
                                    cudaStream_t stream = 0)
    {
        return scan(false, scratch, bytes, in, out, items, stream);
    }

    template <class T, class U, class N>
    static cudaError_t InclusiveSum(void *scratch, size_t &bytes, const T *in, U *out, N items,
                                    cudaStream_t stream = 0)
    {
        return scan(true, scratch, bytes, in, out, items, stream);
    }
};

struct DeviceSelect {
    template <class T, class F, class U, class C, class N>
    static cudaError_t Flagged(void *scratch, size_t &bytes, const T *in, const F *flags, U *out,
                               C *selected, N items, cudaStream_t stream = 0)
    {
        return emulate_call(scratch, bytes, (size_t)items, stream, [=] {
            size_t count = 0;
            for (size_t i = 0; i < (size_t)items; i++)
                if (flags[i])
                    out[count++] = in[i];
            *selected = (C)count;
        });
    }
};

} // namespace cub

#endif

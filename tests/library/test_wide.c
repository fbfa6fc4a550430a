/* SPDX-License-Identifier: MIT */
/* The product of two 64-bit words on a machine without 128-bit integers. This is a separate driver
 * because random.h must not detect that the machine has them. */
#include <stdint.h>

#ifdef __SIZEOF_INT128__
#undef __SIZEOF_INT128__
#endif
#include "base/random.h"

#include "oracle.h"
#include "tap.h"

/* Long multiplication with 16-bit digits. */
static uint64_t by_digits(uint64_t a, uint64_t b, uint64_t *low)
{
    uint64_t digit[8] = {0};
    for (int i = 0; i < 4; i++) {
        uint64_t carry = 0;
        for (int j = 0; j < 4; j++) {
            uint64_t sum = digit[i + j] + (a >> 16 * i & 0xffff) * (b >> 16 * j & 0xffff) + carry;
            digit[i + j] = sum & 0xffff;
            carry = sum >> 16;
        }
        digit[i + 4] = carry;
    }
    *low = digit[0] | digit[1] << 16 | digit[2] << 32 | digit[3] << 48;
    return digit[4] | digit[5] << 16 | digit[6] << 32 | digit[7] << 48;
}

static bool agrees(uint64_t a, uint64_t b)
{
    uint64_t low, wanted, high = multiply_wide(a, b, &low);
    return high == by_digits(a, b, &wanted) && low == wanted;
}

int main(void)
{
    static const uint64_t edge[] = {0,
                                    1,
                                    2,
                                    0xffff,
                                    0x10000,
                                    0x7fffffff,
                                    0xfffffffe,
                                    0xffffffff,
                                    0x100000000,
                                    0x100000001,
                                    0x1ffffffff,
                                    0xffffffff00000000,
                                    0x8000000000000000,
                                    0xfffffffffffffffe,
                                    0xffffffffffffffff};
    enum { EDGES = sizeof edge / sizeof *edge };
    bool edges = true, others = true;
    for (int i = 0; i < EDGES * EDGES; i++)
        edges = agrees(edge[i / EDGES], edge[i % EDGES]) && edges;
    uint64_t state = 1;
    for (int i = 0; i < 100000; i++) {
        uint64_t a = draw(&state) >> draw_below(&state, 64);
        others = agrees(a, draw(&state) >> draw_below(&state, 64)) && others;
    }
    tap_check(edges, "wide products at the edges of 16, 32 and 64 bits");
    tap_check(others, "wide products of 100,000 random pairs");
    return tap_end();
}

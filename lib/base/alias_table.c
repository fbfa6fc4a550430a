/* SPDX-License-Identifier: MIT */
#include "base/alias_table.h"

#include <stdlib.h>

#include "base/memory.h"

/* Buckets that are not settled yet: those with less than their share from the left, those with at
 * least their share from the right. */
struct work {
    double *share; /* times size, so that 1 fills a bucket */
    uint32_t *stack;
    uint32_t small, large;
};

static void fill(struct alias_table *table, struct work *w)
{
    while (w->small > 0 && w->large < table->size) {
        uint32_t less = w->stack[--w->small], more = w->stack[w->large];
        table->bucket[less].threshold = (uint32_t)(w->share[less] * 0x1p32);
        table->bucket[less].alias = more;
        w->share[more] -= 1.0 - w->share[less];
        if (w->share[more] < 1.0) {
            w->large++;
            w->stack[w->small++] = more;
        }
    }
}

int alias_init(struct alias_table *table, const double *weight, uint32_t size, struct error *err)
{
    table->size = size;
    table->bucket = memory_new(size, sizeof *table->bucket, err);
    struct work w = {memory_new(size, sizeof *w.share, err), memory_new(size, sizeof *w.stack, err),
                     0, size};
    if (!table->bucket || !w.share || !w.stack) {
        alias_release(table);
        free(w.share);
        free(w.stack);
        return -1;
    }
    double sum = 0;
    uint32_t heaviest = 0;
    for (uint32_t i = 0; i < size; i++) {
        sum += weight[i];
        if (weight[i] > weight[heaviest])
            heaviest = i;
    }
    for (uint32_t i = 0; i < size; i++) {
        w.share[i] = weight[i] / sum * size;
        /* Until it is settled a bucket belongs to its own number, as do those that rounding leaves
         * over; but what has no weight must not be drawn even then. */
        table->bucket[i] = (struct alias_bucket){0, weight[i] > 0 ? i : heaviest};
        if (w.share[i] < 1.0)
            w.stack[w.small++] = i;
        else
            w.stack[--w.large] = i;
    }
    fill(table, &w);
    free(w.share);
    free(w.stack);
    return 0;
}

void alias_release(struct alias_table *table)
{
    free(table->bucket);
    *table = (struct alias_table){0};
}

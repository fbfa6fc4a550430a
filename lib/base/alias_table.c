/* SPDX-License-Identifier: MIT */
#include "base/alias_table.h"

#include <stdlib.h>

#include "base/memory.h"

/* Buckets without a final threshold. Two stacks share one array: buckets with a share below 1 are
 * stack[0 … small − 1], the others are stack[large … size − 1]. */
struct work {
    double *share; /* (size) probability × size: 1 fills a bucket */
    uint32_t *stack;
    uint32_t small, large;
};

static void fill(struct alias_table *table, struct work *w)
{
    while (w->small > 0 && w->large < table->size) {
        uint32_t small = w->stack[--w->small], large = w->stack[w->large];
        table->bucket[small].threshold = (uint32_t)(w->share[small] * 0x1p32);
        table->bucket[small].alias = large;
        w->share[large] -= 1.0 - w->share[small];
        if (w->share[large] < 1.0) {
            w->large++;
            w->stack[w->small++] = large;
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
        /* fill() replaces this value, except in the buckets that remain because of rounding: these
         * give their own index, unless its weight is zero, because zero weights must never be
         * drawn. */
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

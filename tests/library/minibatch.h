/* SPDX-License-Identifier: MIT */
/* minibatch.h -- minibatches that tests put together, example by example. */
#ifndef SGNS_TEST_MINIBATCH_H
#define SGNS_TEST_MINIBATCH_H

#include <stddef.h>

#include "base/memory.h"
#include "stream/batches.h"

/* Empties a minibatch, keeping its memory. */
static inline void minibatch_clear(struct minibatch *batch)
{
    batch->examples = 0;
}

/* Appends an example of `contexts` context words and `noise` noise words. Returns where to put these,
 * contexts first; NULL on error. */
static inline uint32_t *minibatch_add(struct minibatch *batch, uint32_t centre, uint32_t contexts,
                                      uint32_t noise, struct error *err)
{
    size_t n = batch->examples;
    uint32_t start = minibatch_words(batch), end = start + contexts + noise;
    if (memory_reserve(&batch->centre, &batch->centre_capacity, n + 1, 4, err) < 0 ||
        memory_reserve(&batch->contexts, &batch->contexts_capacity, n + 1, 4, err) < 0 ||
        memory_reserve(&batch->first, &batch->first_capacity, n + 2, 4, err) < 0 ||
        memory_reserve(&batch->word, &batch->word_capacity, end, 4, err) < 0)
        return NULL;
    batch->centre[n] = centre;
    batch->contexts[n] = contexts;
    batch->first[n] = start;
    batch->first[n + 1] = end;
    batch->examples++;
    return batch->word + start;
}

#endif

/* SPDX-License-Identifier: MIT */
#include "row_index.h"

#include <stdlib.h>

#include "memory.h"

int row_index_build(struct row_index *index, const uint32_t *id, uint32_t n, uint32_t *slot,
                    struct error *err)
{
    if (memory_reserve(&index->row, &index->row_capacity, n, 4, err) < 0 ||
        memory_reserve(&index->first, &index->first_capacity, (size_t)n + 2, 4, err) < 0 ||
        memory_reserve(&index->entry, &index->entry_capacity, n, 4, err) < 0 ||
        memory_reserve(&index->place, &index->place_capacity, n, 4, err) < 0)
        return -1;

    /* Count into first[place + 2], so that the second pass can use first[place + 1] as the next
     * free entry and leave every row's start behind. */
    uint32_t rows = 0, *first = index->first;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t place = slot[id[i]];
        if (place == 0) {
            index->row[rows] = id[i];
            slot[id[i]] = place = ++rows;
            first[place + 1] = 0;
        }
        first[place + 1]++;
        index->place[i] = place;
    }
    first[0] = 0;
    first[1] = 0;
    for (uint32_t place = 1; place <= rows; place++)
        first[place + 1] += first[place];
    for (uint32_t i = 0; i < n; i++)
        index->entry[first[index->place[i]]++] = i;

    for (uint32_t place = 0; place < rows; place++)
        slot[index->row[place]] = 0;
    index->rows = rows;
    return 0;
}

void row_index_release(struct row_index *index)
{
    free(index->row);
    free(index->first);
    free(index->entry);
    free(index->place);
    *index = (struct row_index){0};
}

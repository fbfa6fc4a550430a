/* SPDX-License-Identifier: MIT */
#include "train/row_index.h"

#include <stdlib.h>

#include "base/memory.h"

enum { BITS = 64 };

int row_marks_init(struct row_marks *marks, uint32_t ids, struct error *err)
{
    marks->size = (size_t)ids / BITS + 1;
    marks->count = memory_new(ids, sizeof *marks->count, err);
    marks->occurs = memory_new(marks->size, sizeof *marks->occurs, err);
    return marks->count && marks->occurs ? 0 : -1;
}

void row_marks_release(struct row_marks *marks)
{
    free(marks->count);
    free(marks->occurs);
    *marks = (struct row_marks){0};
}

/* Without a branch on whether an id is new, which would be unpredictable. */
static void count_ids(struct row_marks *marks, const uint32_t *id, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        marks->count[id[i]]++;
        marks->occurs[id[i] / BITS] |= UINT64_C(1) << id[i] % BITS;
    }
}

/* Lists the ids that occur, ascending, and replaces their counts by the positions of their first
 * owners. Clears the bits. */
static void list_rows(struct row_index *index, struct row_marks *marks)
{
    uint32_t rows = 0, position = 0;
    for (size_t at = 0; at < marks->size; at++) {
        for (uint64_t bits = marks->occurs[at]; bits != 0; bits &= bits - 1) {
            uint32_t id = (uint32_t)(at * BITS) + (uint32_t)__builtin_ctzll(bits);
            index->row[rows] = id;
            index->first[rows++] = position;
            uint32_t count = marks->count[id];
            marks->count[id] = position;
            position += count;
        }
        marks->occurs[at] = 0;
    }
    index->first[rows] = position;
    index->rows = rows;
}

static void clear_counts(struct row_marks *marks, const struct row_index *index)
{
    for (uint32_t row = 0; row < index->rows; row++)
        marks->count[index->row[row]] = 0;
}

int row_index_build(struct row_index *index, const uint32_t *id, uint32_t n, const uint32_t *owner,
                    struct row_marks *marks, struct error *err)
{
    if (memory_reserve(&index->row, &index->row_capacity, n, 4, err) < 0 ||
        memory_reserve(&index->first, &index->first_capacity, (size_t)n + 1, 4, err) < 0 ||
        memory_reserve(&index->owner, &index->owner_capacity, n, 4, err) < 0 ||
        memory_reserve(&index->position, &index->position_capacity, n, 4, err) < 0)
        return -1;
    count_ids(marks, id, n);
    list_rows(index, marks);
    for (uint32_t i = 0; i < n; i++) {
        index->position[i] = marks->count[id[i]]++;
        index->owner[index->position[i]] = owner ? owner[i] : i;
    }
    clear_counts(marks, index);
    return 0;
}

void row_index_find(const struct row_index *index, const uint32_t *id, uint32_t n,
                    struct row_marks *marks, uint32_t *row)
{
    for (uint32_t i = 0; i < index->rows; i++)
        marks->count[index->row[i]] = i;
    for (uint32_t i = 0; i < n; i++)
        row[i] = marks->count[id[i]];
    clear_counts(marks, index);
}

void row_index_release(struct row_index *index)
{
    free(index->row);
    free(index->first);
    free(index->owner);
    free(index->position);
    *index = (struct row_index){0};
}

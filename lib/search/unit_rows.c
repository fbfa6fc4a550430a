/* SPDX-License-Identifier: MIT */
#include "search/unit_rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

int unit_rows_init(struct unit_rows *unit, const float *rows, uint32_t dim, const uint32_t *id,
                   uint32_t count, struct error *err)
{
    size_t stride = ((size_t)dim + UNIT_LANES - 1) / UNIT_LANES * UNIT_LANES;
    *unit = (struct unit_rows){.count = count, .stride = stride};
    unit->row = memory_new_aligned(count, stride * sizeof *unit->row, err);
    if (!unit->row)
        return -1;
    for (uint32_t i = 0; i < count; i++) {
        const float *from = rows + (size_t)id[i] * dim;
        float *to = unit->row + i * stride;
        double square = 0;
        for (uint32_t j = 0; j < dim; j++)
            square += (double)from[j] * from[j];
        double length = square > 0 ? sqrt(square) : 1;
        for (uint32_t j = 0; j < dim; j++)
            to[j] = (float)(from[j] / length);
        memset(to + dim, 0, (stride - dim) * sizeof *to);
    }
    return 0;
}

void unit_rows_release(struct unit_rows *unit)
{
    free(unit->row);
    *unit = (struct unit_rows){0};
}

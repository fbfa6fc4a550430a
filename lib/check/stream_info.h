/* SPDX-License-Identifier: MIT */
/* stream_info.h -- what a stream is and how it was made, for people and as JSON. */
#ifndef SGNS_STREAM_INFO_H
#define SGNS_STREAM_INFO_H

#include <stdbool.h>
#include <stdio.h>

#include "stream/batches.h"
#include "stream/header.h"

/* Initialise with zeros. */
struct stream_info {
    enum stream_kind kind;
    unsigned major, minor; /* version of the format */
    struct header header;
    struct batches_shape shape; /* of batches; of a checkpoint, of the batches it was trained on */
    uint32_t dim;               /* of vectors */
    uint64_t totals[STREAM_TOTALS]; /* in END, see FORMAT.md, section 7 */
    uint64_t steps;                 /* of a checkpoint: minibatches trained on; else 0 */
    bool data_read;                 /* the data between header and END was read and verified */
};

void stream_info_release(struct stream_info *info);

/* Prints a line for each property, "name: value", and a line "made by: ..." for each program. The
 * caller checks `to` for errors. */
void stream_info_print(FILE *to, const struct stream_info *info);

/* Prints the same as members of a JSON object: `"kind":"vectors","version":"1.0",...`. */
void stream_info_print_json(FILE *to, const struct stream_info *info);

#endif

/* SPDX-License-Identifier: MIT */
#include "stream/counts.h"

#include <stdlib.h>

int counts_read(struct stream_reader *stream, struct header *header, struct corpus_totals *totals,
                struct error *err)
{
    struct cursor shape;
    struct record record;
    if (header_read(stream, header, &shape, err) < 0)
        return -1;
    *totals = (struct corpus_totals){.sentences = cursor_u64(&shape)};
    if (!cursor_exhausted(&shape))
        return stream_fault(stream, err, "wrong size of SHAPE record");
    for (uint32_t id = 0; id < header->vocab.words.count; id++)
        totals->tokens += header->vocab.count[id];
    int got = stream_read(stream, &record, err);
    if (got < 0)
        return -1;
    if (got > 0)
        return stream_fault(stream, err, "unexpected record of type %d", (int)record.type);
    const uint64_t *claimed = stream_totals(stream);
    if (claimed[0] != totals->sentences || claimed[1] != totals->tokens || claimed[2])
        return stream_fault(stream, err, "the totals in END do not match what was read");
    return 0;
}

int counts_write(int fd, const char *name, const struct header *header,
                 const struct corpus_totals *totals, struct error *err)
{
    const uint64_t end[STREAM_TOTALS] = {totals->sentences, totals->tokens, 0};
    struct bytes shape = {0};
    struct stream_writer *stream = stream_writer_open(fd, name, STREAM_COUNTS, err);
    if (!stream)
        return -1;
    int failed = bytes_put_u64(&shape, totals->sentences, err) < 0 ||
                 header_write(stream, header, &shape, err) < 0 ||
                 stream_writer_finish(stream, end, err) < 0;
    free(shape.data);
    stream_writer_close(stream);
    return failed ? -1 : 0;
}

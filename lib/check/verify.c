/* SPDX-License-Identifier: MIT */
#include "check/verify.h"

#include "stream/batches.h"
#include "stream/corpus.h"
#include "stream/counts.h"
#include "stream/vectors.h"
#include "train/checkpoint.h"

static void no_progress(void)
{
}

/* Moves the header out of a reader that is about to be closed. */
static void move_header(struct header *to, struct header *from)
{
    *to = *from;
    *from = (struct header){0};
}

static int verify_corpus(struct stream_reader *stream, struct header *header,
                         void (*progress)(void), struct error *err)
{
    struct corpus_reader in;
    size_t count;
    int got;
    if (corpus_reader_attach(&in, stream, err) < 0)
        return -1;
    while ((got = corpus_read(&in, &count, err)) > 0)
        progress();
    move_header(header, &in.header);
    corpus_reader_close(&in);
    return got;
}

static int verify_batches(struct stream_reader *stream, struct header *header,
                          void (*progress)(void), struct error *err)
{
    struct batches_reader in;
    struct minibatch batch = {0};
    int got;
    if (batches_reader_attach(&in, stream, err) < 0)
        return -1;
    while ((got = batches_read(&in, &batch, err)) > 0)
        progress();
    minibatch_release(&batch);
    move_header(header, &in.header);
    batches_reader_close(&in);
    return got;
}

/* For a checkpoint, also the records after its rows. */
struct checked_vectors {
    struct vectors_reader in;
    struct checkpoint_check checkpoint;
};

static int check_checkpoint(void *data, const struct record *record, struct error *err)
{
    struct checked_vectors *v = data;
    return checkpoint_check(&v->checkpoint, &v->in, record, err);
}

static int verify_vectors(struct stream_reader *stream, struct header *header,
                          void (*progress)(void), struct error *err)
{
    struct checked_vectors v = {.checkpoint = {0}};
    uint32_t first, count;
    int got;
    if (vectors_reader_attach(&v.in, stream, err) < 0)
        return -1;
    v.in.checkpoint = check_checkpoint;
    v.in.checkpoint_data = &v;
    while ((got = vectors_read(&v.in, &first, &count, err)) > 0)
        progress();
    if (got == 0)
        got = checkpoint_check_end(&v.checkpoint, &v.in, err);
    checkpoint_check_release(&v.checkpoint);
    move_header(header, &v.in.header);
    vectors_reader_close(&v.in);
    return got;
}

static int verify_counts(struct stream_reader *stream, struct header *header, struct error *err)
{
    struct corpus_totals totals;
    int result = counts_read(stream, header, &totals, err);
    stream_reader_close(stream);
    return result;
}

/* Verifies the stream, and closes it. */
static int verify(struct stream_reader *stream, struct header *header, void (*progress)(void),
                  struct error *err)
{
    switch (stream_reader_kind(stream)) {
    case STREAM_CORPUS:
        return verify_corpus(stream, header, progress, err);
    case STREAM_BATCHES:
        return verify_batches(stream, header, progress, err);
    case STREAM_VECTORS:
        return verify_vectors(stream, header, progress, err);
    default:
        return verify_counts(stream, header, err);
    }
}

int verify_stream(int fd, const char *name, struct header *header, void (*progress)(void),
                  struct error *err)
{
    return verify_stream_prefixed(fd, name, NULL, 0, header, progress, err);
}

int verify_stream_prefixed(int fd, const char *name, const void *prefix, size_t prefix_size,
                           struct header *header, void (*progress)(void), struct error *err)
{
    struct stream_reader *stream =
        stream_reader_open_prefixed(fd, name, STREAM_ANY, prefix, prefix_size, err);
    if (!stream)
        return -1;
    enum stream_kind kind = stream_reader_kind(stream);
    if (verify(stream, header, progress ? progress : no_progress, err) == 0)
        return kind;
    header_release(header);
    return -1;
}

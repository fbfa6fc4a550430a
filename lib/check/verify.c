/* SPDX-License-Identifier: MIT */
#include "check/verify.h"

#include <string.h>

#include "stream/batches.h"
#include "stream/corpus.h"
#include "stream/counts.h"
#include "stream/vectors.h"
#include "train/checkpoint.h"

/* Moves what is known at the end of a stream out of a reader that is about to be closed. */
static void take(struct stream_info *info, struct header *header,
                 const struct stream_reader *stream)
{
    info->header = *header;
    *header = (struct header){0};
    memcpy(info->totals, stream_totals(stream), sizeof info->totals);
    info->data_read = true;
}

static int verify_corpus(struct stream_reader *stream, struct stream_info *info,
                         void (*progress)(void), struct error *err)
{
    struct corpus_reader in;
    size_t count;
    int got;
    if (corpus_reader_attach(&in, stream, err) < 0)
        return -1;
    while ((got = corpus_read(&in, &count, err)) > 0)
        progress();
    take(info, &in.header, stream);
    corpus_reader_close(&in);
    return got;
}

static int verify_batches(struct stream_reader *stream, struct stream_info *info,
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
    take(info, &in.header, stream);
    info->shape = in.shape;
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

static int verify_vectors(struct stream_reader *stream, struct stream_info *info,
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
    take(info, &v.in.header, stream);
    info->dim = v.in.dim;
    info->steps = v.checkpoint.progress.steps;
    info->shape = v.checkpoint.run.shape;
    checkpoint_check_release(&v.checkpoint);
    vectors_reader_close(&v.in);
    return got;
}

static int verify_counts(struct stream_reader *stream, struct stream_info *info, struct error *err)
{
    struct header header = {0};
    struct corpus_totals totals;
    int result = counts_read(stream, &header, &totals, err);
    take(info, &header, stream);
    stream_reader_close(stream);
    return result;
}

/* Verifies the stream, and closes it. */
static int verify(struct stream_reader *stream, struct stream_info *info, void (*progress)(void),
                  struct error *err)
{
    switch (info->kind) {
    case STREAM_CORPUS:
        return verify_corpus(stream, info, progress, err);
    case STREAM_BATCHES:
        return verify_batches(stream, info, progress, err);
    case STREAM_VECTORS:
        return verify_vectors(stream, info, progress, err);
    default:
        return verify_counts(stream, info, err);
    }
}

static void no_progress(void)
{
}

int verify_stream(int fd, const char *name, struct stream_info *info, void (*progress)(void),
                  struct error *err)
{
    return verify_stream_prefixed(fd, name, NULL, 0, info, progress, err);
}

int verify_stream_prefixed(int fd, const char *name, const void *prefix, size_t prefix_size,
                           struct stream_info *info, void (*progress)(void), struct error *err)
{
    struct stream_reader *stream =
        stream_reader_open_prefixed(fd, name, STREAM_ANY, prefix, prefix_size, err);
    if (!stream)
        return -1;
    info->kind = stream_reader_kind(stream);
    stream_reader_version(stream, &info->major, &info->minor);
    if (verify(stream, info, progress ? progress : no_progress, err) == 0)
        return (int)info->kind;
    stream_info_release(info);
    return -1;
}

int verify_vocab(int fd, const char *name, struct header *header, void (*progress)(void),
                 struct error *err)
{
    struct stream_info info = {0};
    int kind = verify_stream(fd, name, &info, progress, err);
    *header = info.header;
    if (kind == STREAM_COUNTS)
        return error_set(err, STATUS_INPUT,
                         "%s: counts, expected a vocabulary; 'ptb-vocab --vocab' makes one of them",
                         name);
    if (kind == STREAM_VECTORS && !vocab_is_counted(&header->vocab))
        return error_set(err, STATUS_INPUT,
                         "%s: vectors imported from another program, without word counts", name);
    return kind < 0 ? -1 : 0;
}

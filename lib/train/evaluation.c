/* SPDX-License-Identifier: MIT */
#include "train/evaluation.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

enum { GROUP_EXAMPLES = 1 << 15 /* approximate limit of the examples in a group of minibatches */ };

/* ---- the stream ---- */

static int reopen(const struct evaluation *e, struct batches_reader *in, struct error *err)
{
    if (lseek(e->fd, e->start, SEEK_SET) < 0)
        return error_system(err, "%s: cannot seek back to its beginning", e->name);
    return batches_reader_open(in, e->fd, e->name, err);
}

static void notify(const struct evaluation *e, const struct batches_reader *in)
{
    if (e->progress)
        e->progress(in->batches, batches_in_all(&in->shape));
}

static bool same_words(const struct words *a, const struct words *b)
{
    return a->count == b->count &&
           memcmp(a->offset, b->offset, (a->count + (size_t)1) * sizeof *a->offset) == 0 &&
           memcmp(a->text, b->text, a->offset[a->count]) == 0;
}

static int verify(struct evaluation *e, struct batches_reader *in, const struct words *words,
                  struct error *err)
{
    struct minibatch batch = {0};
    int got;
    if (!same_words(&in->header.vocab.words, words))
        return stream_fault(in->stream, err,
                            "the vocabulary is not that of the training input; create the stream "
                            "with ptb-vocab --vocab");
    if (batches_in_all(&in->shape) == 0)
        return stream_fault(in->stream, err, "no minibatches to evaluate on");
    e->header_hash = stream_hash(in->stream);
    do
        notify(e, in);
    while ((got = batches_read(in, &batch, err)) > 0);
    e->hash = stream_hash(in->stream);
    minibatch_release(&batch);
    return got;
}

int evaluation_open(struct evaluation *e, int fd, const char *name, const struct words *words,
                    void (*progress)(uint64_t done, uint64_t all), struct error *err)
{
    struct batches_reader in;
    *e = (struct evaluation){
        .fd = fd, .name = name, .start = lseek(fd, 0, SEEK_CUR), .progress = progress};
    if (e->start < 0)
        return error_set(err, STATUS_USAGE,
                         "%s: held-out minibatches are read repeatedly and must be in a file",
                         name);
    if (reopen(e, &in, err) < 0)
        return -1;
    int result = verify(e, &in, words, err);
    batches_reader_close(&in);
    return result;
}

void evaluation_close(struct evaluation *e)
{
    for (unsigned i = 0; e->batch && i < e->group; i++)
        minibatch_release(&e->batch[i]);
    free(e->batch);
    free(e->loss);
    *e = (struct evaluation){.fd = -1};
}

/* ---- the loss ---- */

static int reserve(struct evaluation *e, const struct trainer *trainer, struct error *err)
{
    if (e->batch)
        return 0;
    e->batch = memory_new(trainer->group, sizeof *e->batch, err);
    e->loss = memory_new(trainer->group, sizeof *e->loss, err);
    e->group = e->batch ? trainer->group : 0;
    return e->batch && e->loss ? 0 : -1;
}

/* Reads the next group of minibatches. Returns 1, or 0 if the stream ends after them, or -1. */
static int read_group(struct evaluation *e, struct batches_reader *in, struct error *err)
{
    int got = 1;
    uint64_t examples = 0;
    e->batches = 0;
    while (e->batches < e->group && examples < GROUP_EXAMPLES &&
           (got = batches_read(in, &e->batch[e->batches], err)) > 0)
        examples += e->batch[e->batches++].examples;
    return got;
}

static int run(struct evaluation *e, struct batches_reader *in, struct trainer *trainer,
               unsigned slot, double *loss, struct error *err)
{
    double sum = 0;
    /* If the file was replaced, ids of another vocabulary could exceed the model's. */
    int got = stream_hash(in->stream) == e->header_hash;
    while (got > 0) {
        notify(e, in);
        got = read_group(e, in, err);
        if (got < 0 || (e->batches > 0 &&
                        (trainer->methods->prepare(trainer, slot, e->batch, e->batches, err) < 0 ||
                         trainer->methods->evaluate(trainer, slot, e->loss, err) < 0)))
            return -1;
        for (unsigned i = 0; i < e->batches; i++)
            sum += e->loss[i];
    }
    if (stream_hash(in->stream) != e->hash)
        return stream_fault(in->stream, err, "the file has changed since training began");
    *loss = sum / (double)in->totals.examples;
    return 0;
}

int evaluation_run(struct evaluation *e, struct trainer *trainer, unsigned slot, double *loss,
                   struct error *err)
{
    struct batches_reader in;
    if (reserve(e, trainer, err) < 0 || reopen(e, &in, err) < 0)
        return -1;
    int result = run(e, &in, trainer, slot, loss, err);
    batches_reader_close(&in);
    return result;
}

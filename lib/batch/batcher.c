/* SPDX-License-Identifier: MIT */
#include "batch/batcher.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/memory.h"

/* The approximate number of context and noise words in a unit. */
enum { UNIT_WORDS = 1 << 16 };

/* Units being made at a time, per thread; as many more are finished and waiting to be written. */
enum { UNITS_PER_THREAD = 2 };

struct unit {
    const struct example_ref *ref; /* (examples) */
    uint64_t first;                /* the index in the epoch of the first of them */
    uint64_t examples;
    struct stream_frame frame;
    struct draft draft;
    struct batches_totals totals;
    uint64_t without_noise; /* examples */
    bool failed;
    struct error error;
};

struct batcher {
    const struct batcher_options *options;
    const struct examples *examples;
    const struct example_source *source;
    struct batches_writer *writer;
    struct order order;
    struct team team;
    pthread_t caller;
    uint64_t epoch;
    uint64_t unit_examples;   /* examples per unit: of complete minibatches, or a part of one */
    uint64_t minibatch_words; /* of the latest minibatch, written so far */
    struct unit *unit;        /* (2 × set): a set of units to make and a set of units to write */
    unsigned set;             /* units in a set */
    unsigned to_make, to_write;
    unsigned making;        /* 0 or 1: which set is being made */
    atomic_uint next;       /* unit to make that no thread has taken yet */
    uint64_t without_noise; /* examples, of all units written */
    bool failed;
    struct error error;
};

/* ---- one unit ---- */

/* The number of examples from index `first` of the epoch to the end of its minibatch, at most
 * `most`. */
static uint64_t to_end_of_minibatch(const struct batcher *b, uint64_t first, uint64_t most)
{
    uint64_t left = b->options->shape.batch_size - first % b->options->shape.batch_size;
    return left < most ? left : most;
}

/* The number of examples of the unit that starts at index `first` of the epoch. */
static uint64_t unit_size(const struct batcher *b, uint64_t first)
{
    uint64_t left = b->options->shape.examples - first, n = b->unit_examples;
    if (n < b->options->shape.batch_size)
        n = to_end_of_minibatch(b, first, n);
    return left < n ? left : n;
}

/* Makes a record of the unit's examples from index `from` on: `most` of them, or as many as fit in a
 * record. Returns their number, or 0 on error. */
static uint32_t make_record(struct batcher *b, struct unit *u, uint64_t from, uint32_t most,
                            struct error *err)
{
    const struct batches_shape *shape = &b->options->shape;
    size_t room;
    uint32_t n = order_fit(&b->order, u->ref + from, most, &room);
    uint64_t end = u->first + from + n;
    bool more = end % shape->batch_size != 0 && end != shape->examples;
    uint8_t *record = stream_frame_reserve(&u->frame, room, err);
    if (!record || draft_start(&u->draft, b->examples, b->epoch, n, record, err) < 0)
        return 0;
    order_draft(&b->order, &u->draft, u->ref + from, n);
    size_t size = draft_finish(&u->draft, more, err);
    if (size == 0 || stream_frame_add(&u->frame, RECORD_EXAMPLES, size, err) < 0)
        return 0;
    u->totals.examples += n;
    u->totals.contexts += u->draft.contexts;
    u->totals.noise += u->draft.noise;
    u->without_noise += u->draft.without_noise;
    return n;
}

static int make_unit(struct batcher *b, struct unit *u, struct error *err)
{
    stream_frame_clear(&u->frame);
    u->totals = (struct batches_totals){0};
    u->without_noise = 0;
    for (uint64_t from = 0; from < u->examples;) {
        uint64_t most = to_end_of_minibatch(b, u->first + from, u->examples - from);
        uint32_t n = make_record(b, u, from, (uint32_t)most, err);
        if (n == 0)
            return -1;
        from += n;
    }
    return stream_frame_pack(&u->frame, err);
}

static int write_unit(struct batcher *b, const struct unit *u, struct error *err)
{
    if (u->failed) {
        *err = u->error;
        return err->status == STATUS_INPUT
                   ? error_set(err, STATUS_INPUT, "%s: %s", b->options->name, u->error.text)
                   : -1;
    }
    if (u->first % b->options->shape.batch_size == 0)
        b->minibatch_words = 0;
    b->minibatch_words += u->totals.contexts + u->totals.noise;
    if (b->minibatch_words > BATCH_WORDS_MAX)
        return error_set(err, STATUS_INPUT,
                         "%s: a minibatch has more than %d words; use a smaller --batch-size",
                         b->options->name, (int)BATCH_WORDS_MAX);
    b->without_noise += u->without_noise;
    if (b->options->written)
        b->options->written(b->writer->totals.examples);
    return batches_write(b->writer, &u->frame, &u->totals, err);
}

/* ---- the team ---- */

static void write_units(struct batcher *b)
{
    const struct unit *unit = b->unit + !b->making * b->set;
    for (unsigned i = 0; i < b->to_write && !b->failed; i++)
        b->failed = write_unit(b, &unit[i], &b->error) < 0;
}

/* The caller's thread writes the units made before, and then makes units like the others. It is the
 * only one that receives signals, so that a broken pipe ends the program as usual. */
static void work(void *data)
{
    struct batcher *b = data;
    if (pthread_equal(pthread_self(), b->caller))
        write_units(b);
    struct unit *unit = b->unit + b->making * b->set;
    for (unsigned i; (i = atomic_fetch_add(&b->next, 1)) < b->to_make;)
        unit[i].failed = make_unit(b, &unit[i], &unit[i].error) < 0;
}

/* Makes the units that were set up and writes those made before. */
static int run_round(struct batcher *b, struct error *err)
{
    atomic_store(&b->next, 0);
    team_run(&b->team, work, b);
    b->to_write = b->to_make;
    b->to_make = 0;
    b->making = !b->making;
    if (b->failed)
        *err = b->error;
    return b->failed ? -1 : 0;
}

/* ---- epochs ---- */

/* Makes all units whose examples are all in the slice. *first is the index in the epoch of the
 * slice's first example, and on return of the first one that is left. */
static int make_slice(struct batcher *b, uint64_t *first, struct error *err)
{
    uint64_t used = 0;
    for (;;) {
        uint64_t n = unit_size(b, *first);
        bool complete = n > 0 && used + n <= b->order.refs;
        if ((!complete || b->to_make == b->set) && b->to_make > 0 && run_round(b, err) < 0)
            return -1;
        if (!complete)
            return 0;
        struct unit *u = &b->unit[b->making * b->set + b->to_make++];
        u->ref = b->order.ref + used;
        u->first = *first;
        u->examples = n;
        used += n;
        *first += n;
    }
}

static int write_epoch(struct batcher *b, uint64_t epoch, struct error *err)
{
    uint64_t before = 0, done = 0;
    b->epoch = epoch;
    int more = order_start(&b->order, epoch, err) < 0 ? -1 : 1;
    while (more > 0) {
        uint64_t used = done - before;
        before = done;
        more = order_next(&b->order, used, err);
        if (more >= 0 && make_slice(b, &done, err) < 0)
            return -1;
    }
    return more;
}

static void report_shuffled(void *data, uint64_t positions)
{
    const struct batcher *b = data;
    b->options->shuffled(b->epoch * source_positions(b->source) + positions);
}

static int init(struct batcher *b, struct error *err)
{
    uint64_t words = source_words(b->source, b->examples), examples = source_examples(b->source);
    uint64_t n = UNIT_WORDS / (examples > 0 ? words / examples : 1);
    if (n > b->options->shape.batch_size)
        n -= n % b->options->shape.batch_size;
    b->unit_examples = n > 0 ? n : 1;
    b->set = b->options->threads > 1 ? UNITS_PER_THREAD * b->options->threads : 1;
    if (team_init(&b->team, b->options->threads, err) < 0)
        return -1;
    b->unit = memory_new(2 * (size_t)b->set, sizeof *b->unit, err);
    if (!b->unit)
        return -1;
    for (unsigned i = 0; i < 2 * b->set; i++)
        if (stream_frame_init(&b->unit[i].frame, STREAM_BATCHES, err) < 0)
            return -1;
    struct order_options order = {b->options->memory, b->unit_examples,
                                  b->options->shuffled ? report_shuffled : NULL, b};
    return order_init(&b->order, b->examples, b->source, &order, &b->team, err);
}

static void release(struct batcher *b)
{
    order_release(&b->order);
    for (unsigned i = 0; b->unit && i < 2 * b->set; i++) {
        stream_frame_release(&b->unit[i].frame);
        draft_release(&b->unit[i].draft);
    }
    free(b->unit);
    team_release(&b->team);
}

int batcher_run(const struct batcher_options *options, const struct examples *examples,
                const struct example_source *source, struct batches_writer *writer,
                uint64_t *without_noise, struct error *err)
{
    struct batcher b = {.options = options,
                        .examples = examples,
                        .source = source,
                        .writer = writer,
                        .caller = pthread_self()};
    int result = init(&b, err);
    for (uint64_t epoch = 0; result == 0 && epoch < options->shape.epochs; epoch++)
        result = write_epoch(&b, epoch, err);
    if (result == 0)
        result = run_round(&b, err); /* writes the last units */
    *without_noise = b.without_noise;
    release(&b);
    return result;
}

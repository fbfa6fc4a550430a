/* SPDX-License-Identifier: MIT */
/* A stream of any kind is read, written and read again: the content must be the same, and
 * writing it a second time must give the same bytes. */
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/memory.h"
#include "fuzz.h"
#include "stream/batches.h"
#include "stream/counts.h"
#include "train/checkpoint.h"

MUTATE_RECORDS

/* Reading a stream, writing it to FUZZ_FD, and hashing its content. */
struct copy {
    XXH64_state_t *meaning;
    struct error err;
};

static void note(struct copy *c, const void *data, size_t size)
{
    if (size > 0)
        XXH64_update(c->meaning, data, size);
}

static void note_head(struct copy *c, const struct header *header)
{
    const struct vocab *v = &header->vocab;
    for (size_t i = 0; i < header->programs; i++)
        note(c, header->provenance[i].data, header->provenance[i].size);
    for (uint32_t id = 0; id < v->words.count; id++)
        note(c, words_text(&v->words, id), words_length(&v->words, id));
    note(c, v->count, v->words.count * sizeof *v->count);
    note(c, &v->words.count, sizeof v->words.count);
}

/* A step that must succeed if reading did. */
#define must_work(c, call) demand_success((call) >= 0, &(c)->err)

/* ---- each kind: returns the reader's last result; writes END only if that is a success ---- */

static int copy_corpus(struct copy *c)
{
    struct corpus_reader in;
    struct corpus_writer out;
    size_t count;
    int got;
    if (corpus_reader_open(&in, FUZZ_FD, "input", &c->err) < 0)
        return -1;
    must_work(c, corpus_writer_open(&out, FUZZ_FD, "output", &in.header, &c->err));
    while ((got = corpus_read(&in, &count, &c->err)) > 0) {
        note(c, in.token, count * sizeof *in.token);
        for (size_t i = 0; i < count; i++)
            must_work(c, corpus_write(&out, in.token[i], &c->err));
    }
    note_head(c, &in.header);
    if (got == 0)
        must_work(c, corpus_writer_finish(&out, &c->err));
    corpus_writer_close(&out);
    corpus_reader_close(&in);
    return got;
}

/* Writes an EXAMPLES record with a complete minibatch. */
static size_t pack(const struct minibatch *b, unsigned width, uint8_t *record)
{
    struct copy c = {0};
    struct bytes r = {0};
    uint32_t n = b->examples, contexts = 0;
    for (uint32_t i = 0; i < n; i++)
        contexts += b->contexts[i];
    const uint32_t fields[4] = {n, 0, contexts, minibatch_words(b) - contexts};
    must_work(&c, bytes_put_u32_array(&r, fields, 4, &c.err));
    must_work(&c, bytes_put_u32_array(&r, b->contexts, n, &c.err));
    for (uint32_t i = 0; i < n; i++)
        must_work(&c, bytes_put_u32(&r, b->first[i + 1] - b->first[i] - b->contexts[i], &c.err));
    must_work(&c, bytes_put_narrow_array(&r, b->centre, n, width, &c.err));
    for (int noise = 0; noise < 2; noise++)
        for (uint32_t i = 0; i < n; i++) {
            const uint32_t *word = b->word + b->first[i], *middle = word + b->contexts[i];
            size_t left = noise ? (size_t)(b->word + b->first[i + 1] - middle) : b->contexts[i];
            must_work(&c, bytes_put_narrow_array(&r, noise ? middle : word, left, width, &c.err));
        }
    memcpy(record, r.data, r.size);
    free(r.data);
    return r.size;
}

static void write_minibatch(struct copy *c, struct batches_writer *out, struct stream_frame *frame,
                            const struct minibatch *b, unsigned width)
{
    struct batches_totals totals = {.examples = b->examples};
    size_t most = 16 + 12 * (size_t)b->examples + 4 * (size_t)minibatch_words(b);
    for (uint32_t i = 0; i < b->examples; i++)
        totals.contexts += b->contexts[i];
    totals.noise = minibatch_words(b) - totals.contexts;
    stream_frame_clear(frame);
    uint8_t *record = stream_frame_reserve(frame, most, &c->err);
    demand_success(record, &c->err);
    must_work(c, stream_frame_add(frame, RECORD_EXAMPLES, pack(b, width, record), &c->err));
    must_work(c, stream_frame_pack(frame, &c->err));
    must_work(c, batches_write(out, frame, &totals, &c->err));
}

static int copy_batches(struct copy *c)
{
    struct batches_reader in;
    struct batches_writer out;
    struct stream_frame frame;
    struct minibatch b = {0};
    int got;
    if (batches_reader_open(&in, FUZZ_FD, "input", &c->err) < 0)
        return -1;
    must_work(c, stream_frame_init(&frame, STREAM_BATCHES, &c->err));
    must_work(c, batches_writer_open(&out, FUZZ_FD, "output", &in.header, &in.shape, &c->err));
    while ((got = batches_read(&in, &b, &c->err)) > 0) {
        note(c, b.centre, b.examples * sizeof *b.centre);
        note(c, b.contexts, b.examples * sizeof *b.contexts);
        note(c, b.first, b.examples * sizeof *b.first);
        note(c, b.word, minibatch_words(&b) * sizeof *b.word);
        write_minibatch(c, &out, &frame, &b, header_id_width(&in.header));
    }
    note_head(c, &in.header);
    note(c, &in.shape.batch_size, 4);
    note(c, &in.shape.epochs, 4);
    note(c, &in.shape.examples, 8);
    if (got == 0)
        must_work(c, batches_writer_finish(&out, &c->err));
    batches_writer_close(&out);
    stream_frame_release(&frame);
    minibatch_release(&b);
    batches_reader_close(&in);
    return got;
}

struct passing {
    struct copy *copy;
    struct vectors_reader in;
    struct vectors_writer out;
    struct checkpoint_check check;
};

static int pass_on(void *data, const struct record *record, struct error *err)
{
    struct passing *p = data;
    if (checkpoint_check(&p->check, &p->in, record, err) < 0)
        return -1;
    note(p->copy, record->data, record->size);
    return vectors_write_checkpoint(&p->out, record->type, record->data, record->size, err);
}

static int copy_vectors(struct copy *c)
{
    struct passing p = {.copy = c};
    uint32_t first, count;
    int got;
    if (vectors_reader_open(&p.in, FUZZ_FD, "input", &c->err) < 0)
        return -1;
    p.in.checkpoint = pass_on;
    p.in.checkpoint_data = &p;
    must_work(c, vectors_writer_open(&p.out, FUZZ_FD, "output", &p.in.header, p.in.dim, &c->err));
    while ((got = vectors_read(&p.in, &first, &count, &c->err)) > 0) {
        note(c, p.in.value, (size_t)count * p.in.dim * sizeof *p.in.value);
        must_work(c, vectors_write(&p.out, p.in.value, count, &c->err));
    }
    if (got == 0)
        got = checkpoint_check_end(&p.check, &p.in, &c->err);
    note_head(c, &p.in.header);
    note(c, &p.in.dim, sizeof p.in.dim);
    if (got == 0)
        must_work(c, vectors_writer_finish(&p.out, &c->err));
    vectors_writer_close(&p.out);
    checkpoint_check_release(&p.check);
    vectors_reader_close(&p.in);
    return got;
}

static int copy_counts(struct copy *c)
{
    struct header header = {0};
    struct corpus_totals totals;
    struct stream_reader *in = stream_reader_open(FUZZ_FD, "input", STREAM_COUNTS, &c->err);
    int got = in ? counts_read(in, &header, &totals, &c->err) : -1;
    note_head(c, &header);
    if (got == 0) {
        note(c, &totals.sentences, sizeof totals.sentences);
        must_work(c, counts_write(FUZZ_FD, "output", &header, &totals, &c->err));
    }
    stream_reader_close(in);
    header_release(&header);
    return got;
}

/* Copies the current input stream to fuzz_output(). *meaning is a hash of its content. */
static int copy(enum stream_kind kind, uint64_t *meaning, struct error *err)
{
    static int (*const copy_kind[])(struct copy * c) = {copy_corpus, copy_batches, copy_vectors,
                                                        copy_counts};
    struct copy c = {.meaning = XXH64_createState()};
    XXH64_reset(c.meaning, 0);
    fuzz_output()->size = 0;
    int result = copy_kind[kind - STREAM_CORPUS](&c);
    *meaning = XXH64_digest(c.meaning);
    *err = c.err;
    XXH64_freeState(c.meaning);
    return result;
}

/* Moves the output out of fuzz_output(). */
static struct bytes take_output(void)
{
    struct bytes taken = *fuzz_output();
    *fuzz_output() = (struct bytes){0};
    return taken;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err;
    uint64_t meaning[3];
    enum stream_kind kind = size > 0 ? STREAM_CORPUS + (data[0] >> 3 & 3) : STREAM_CORPUS;
    const struct payload *p = payload_of(kind, data, size);
    fuzz_payload(p->bytes.data, p->bytes.size, p->chunk);
    if (copy(kind, &meaning[0], &err) < 0) {
        demand_refusal(&err);
    } else {
        struct bytes stream[2];
        for (int i = 0; i < 2; i++) {
            stream[i] = take_output();
            fuzz_input(stream[i].data, stream[i].size, 0);
            demand_success(copy(kind, &meaning[i + 1], &err) == 0, &err);
            demand(meaning[i + 1] == meaning[i]);
        }
        demand(stream[0].size == stream[1].size &&
               memcmp(stream[0].data, stream[1].data, stream[0].size) == 0);
        free(stream[0].data);
        free(stream[1].data);
    }
    fuzz_end();
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* Prepares minibatches for the GPU: stages them in page-locked memory, copies them to the device,
 * and indexes them there. */
#include <cstring>

#include "trainer.cuh"

namespace
{

struct group_size {
    size_t examples, words, largest; /* largest: examples of the largest minibatch */
};

group_size measure(const struct minibatch *batch, unsigned count)
{
    group_size size = {0, 0, 0};
    for (unsigned b = 0; b < count; b++) {
        size.examples += batch[b].examples;
        size.words += minibatch_words(&batch[b]);
        if (batch[b].examples > size.largest)
            size.largest = batch[b].examples;
    }
    return size;
}

/* Copies the group to page-locked memory as the first five arrays of minibatch_group. */
void stage(uint32_t *to, const group_size &size, const struct minibatch *batch, unsigned count)
{
    uint32_t *batch_first = to, *centre = batch_first + count + 1,
             *contexts = centre + size.examples, *first = contexts + size.examples,
             *word = first + size.examples + 1;
    uint32_t examples = 0, words = 0;
    for (unsigned b = 0; b < count; b++) {
        const struct minibatch *m = &batch[b];
        batch_first[b] = examples;
        memcpy(centre + examples, m->centre, m->examples * sizeof *centre);
        memcpy(contexts + examples, m->contexts, m->examples * sizeof *contexts);
        memcpy(word + words, m->word, minibatch_words(m) * sizeof *word);
        for (uint32_t i = 0; i < m->examples; i++)
            first[examples + i] = words + m->first[i];
        examples += m->examples;
        words += minibatch_words(m);
    }
    batch_first[count] = examples;
    first[examples] = words;
}

/* Before the first group: checks that there is memory for such a group in every slot. If a later
 * group is larger, its allocation may still fail. */
int check_slots(trainer_cuda *t, const group_size &size, struct error *err)
{
    if (t->slots_checked)
        return 0;
    t->slots_checked = true;
    /* Bytes per word or example: sent, owner, coefficient, loss, and its entry of the index. */
    double each = 4 * sizeof(uint32_t) + (double)device_row_index::ENTRY_BYTES;
    double needed = TRAINER_SLOTS * (each * (double)(size.words + size.examples) +
                                     2.0 * size.largest * t->quads * sizeof(float4));
    return cuda_check_free(
        needed, "the minibatches need",
        " beside the model; use another device, smaller minibatches, or --device=cpu", err);
}

int reserve_slot(trainer_cuda *t, slot_buffers &s, const group_size &size, unsigned count,
                 struct error *err)
{
    const char *what = "allocating memory for minibatches";
    size_t numbers = count + 1 + 3 * size.examples + 1 + size.words;
    return s.staged.reserve(numbers, what, err) < 0 || s.sent.reserve(numbers, what, err) < 0 ||
                   s.owner.reserve(size.words, what, err) < 0 ||
                   s.coefficient.reserve(size.words, what, err) < 0 ||
                   s.loss.reserve(size.examples, what, err) < 0 ||
                   s.rows.reserve(2 * size.largest * t->quads, what, err) < 0 ||
                   s.batch_loss.reserve(count, what, err) < 0 ||
                   s.host_batch_loss.reserve(count, what, err) < 0
               ? -1
               : 0;
}

int upload(trainer_cuda *t, slot_buffers &s, const group_size &size, unsigned count,
           struct error *err)
{
    minibatch_group &g = s.g;
    size_t numbers = count + 1 + 3 * size.examples + 1 + size.words;
    g.batches = count;
    g.batch_first = s.sent.data;
    g.centre = g.batch_first + count + 1;
    g.contexts = g.centre + size.examples;
    g.first = g.contexts + size.examples;
    g.word = g.first + size.examples + 1;
    g.owner = s.owner.data;
    g.coefficient = s.coefficient.data;
    g.centre_copy = s.rows.data;
    g.gradient = s.rows.data + size.largest * t->quads;
    g.loss = s.loss.data;
    g.batch_loss = s.batch_loss.data;

    uint32_t examples = (uint32_t)size.examples, words = (uint32_t)size.words;
    owner_task owners = {g.first, examples, s.owner.data};
    if (cuda_check(cudaMemcpyAsync(s.sent.data, s.staged.data, numbers * sizeof *s.sent.data,
                                   cudaMemcpyHostToDevice, t->feed),
                   "sending minibatches", err) < 0 ||
        cuda_launch(fill_owners, owners, size.examples, t->feed, "indexing minibatches", err) < 0 ||
        s.context_rows.build(g.word, g.owner, words, g.batch_first, count, t->words, t->feed, err) <
            0 ||
        s.centre_rows.build(g.centre, nullptr, examples, g.batch_first, count, t->words, t->feed,
                            err) < 0)
        return -1;
    g.context_rows = s.context_rows.segments();
    g.centre_rows = s.centre_rows.segments();
    return cuda_check(cudaEventRecord(s.ready, t->feed), "sending minibatches", err);
}

} // namespace

int trainer_prepare(struct trainer *trainer, unsigned slot, const struct minibatch *batch,
                    unsigned count, struct error *err)
{
    trainer_cuda *t = from_base(trainer);
    slot_buffers &s = t->slot[slot];
    group_size size = measure(batch, count);
    if (size.words >= UINT32_MAX)
        return error_set(err, STATUS_DEVICE,
                         "GPU: %zu words in a group of minibatches are too many; use --device=cpu",
                         size.words);
    if (check_slots(t, size, err) < 0 || reserve_slot(t, s, size, count, err) < 0)
        return note_failure(t, -1);
    stage(s.staged.data, size, batch, count);
    return note_failure(t, upload(t, s, size, count, err));
}

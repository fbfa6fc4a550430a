/* SPDX-License-Identifier: MIT */
#include "batch/order.h"

/* The bytes of `memory` that the source leaves for the order. */
static uint64_t memory_left(const struct example_source *source, uint64_t memory)
{
    bool in_file = source->text ? source->text->spooled : source->given->log.spooled;
    return in_file ? memory : memory - order_source_limit(memory);
}

int order_init(struct order *o, const struct examples *from, const struct example_source *source,
               const struct order_options *options, struct team *team, struct error *err)
{
    *o = (struct order){
        .from = from, .source = *source, .in_text = source->text && !source->text->spooled};
    uint64_t left = memory_left(source, options->memory);
    if (!o->in_text) {
        struct external_shuffle_options external = {left, options->keep, options->progress,
                                                    options->data};
        return external_shuffle_init(&o->in_file, from, source, &external, team, err);
    }
    struct shuffle_options internal = {from->options.seed, from->options.shuffle,
                                       1 + left / sizeof(struct example_ref), options->keep};
    return shuffle_init(&o->in_memory, source->text, &internal, team, err);
}

void order_release(struct order *o)
{
    shuffle_release(&o->in_memory);
    external_shuffle_release(&o->in_file);
}

int order_start(struct order *o, uint64_t epoch, struct error *err)
{
    if (!o->in_text)
        return external_shuffle_start(&o->in_file, epoch, err);
    shuffle_start(&o->in_memory, epoch);
    return 0;
}

int order_next(struct order *o, uint64_t used, struct error *err)
{
    int more = o->in_text ? shuffle_next(&o->in_memory, used, err)
                          : external_shuffle_next(&o->in_file, used, err);
    o->ref = o->in_text ? o->in_memory.ref : o->in_file.ref;
    o->refs = o->in_text ? o->in_memory.refs : o->in_file.refs;
    return more;
}

uint32_t order_fit(const struct order *o, const struct example_ref *ref, uint32_t n, size_t *size)
{
    if (o->source.given)
        return packed_examples_fit(o->from, o->in_file.packed, ref, n, size);
    *size = examples_record_size(o->from, n);
    return n;
}

void order_draft(const struct order *o, struct draft *draft, const struct example_ref *ref,
                 uint32_t n)
{
    if (o->in_text)
        draft_add(draft, o->source.text, ref, n);
    else
        draft_add_packed(draft, o->in_file.packed, ref, n);
}

/* SPDX-License-Identifier: MIT */
#include "batch/order.h"

int order_init(struct order *o, const struct examples *from, const struct sentences *text,
               const struct order_options *options, struct team *team, struct error *err)
{
    *o = (struct order){.text = text};
    if (text->spooled) {
        struct external_shuffle_options external = {options->memory, options->keep,
                                                    options->progress, options->data};
        return external_shuffle_init(&o->in_file, from, text, &external, team, err);
    }
    uint64_t left = options->memory - order_text_limit(options->memory);
    struct shuffle_options internal = {from->options.seed, from->options.shuffle,
                                       1 + left / sizeof(struct example_ref), options->keep};
    return shuffle_init(&o->in_memory, text, &internal, team, err);
}

void order_release(struct order *o)
{
    shuffle_release(&o->in_memory);
    external_shuffle_release(&o->in_file);
}

int order_start(struct order *o, uint64_t epoch, struct error *err)
{
    if (o->text->spooled)
        return external_shuffle_start(&o->in_file, epoch, err);
    shuffle_start(&o->in_memory, epoch);
    return 0;
}

int order_next(struct order *o, uint64_t used, struct error *err)
{
    bool in_file = o->text->spooled;
    int more = in_file ? external_shuffle_next(&o->in_file, used, err)
                       : shuffle_next(&o->in_memory, used, err);
    o->ref = in_file ? o->in_file.ref : o->in_memory.ref;
    o->refs = in_file ? o->in_file.refs : o->in_memory.refs;
    return more;
}

void order_draft(const struct order *o, struct draft *draft, const struct example_ref *ref,
                 uint32_t n)
{
    if (o->text->spooled)
        draft_add_packed(draft, o->in_file.packed, ref, n);
    else
        draft_add(draft, o->text, ref, n);
}

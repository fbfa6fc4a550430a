/* SPDX-License-Identifier: MIT */
#include "text/text_counter.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/ordered_queue.h"

/* A block of the text in the ordered queue. */
struct piece {
    struct text_block block;
    struct tokens tokens;
    uint32_t *code;
    size_t capacity;
    struct token_chunk chunk;
    struct packer packer;
    unsigned member; /* the thread that counted it */
    uint32_t known;  /* words in that thread's table after this block */
    uint64_t words;  /* tokens of the block, not counting ends of sentences */
};

/* The words that a thread first met in one block: the words of its table up to `end`, not
 * counting those of its earlier blocks. */
struct new_words {
    uint32_t member, end;
};

struct run {
    struct text_counter *c;
    struct text_reader *text;
    const struct text_options *options;
    struct piece *piece;         /* (ordered_queue_slots) */
    struct new_words *new_words; /* (new_words_count) in the order of the text */
    size_t new_words_count, new_words_capacity;
    uint32_t *known; /* (threads) words of each thread's table that the finished blocks have */
    uint64_t words;
};

/* ---- one block ---- */

static int start_piece(void *data, unsigned slot, struct error *err)
{
    struct run *run = data;
    return text_reader_read(run->text, &run->piece[slot].block, err);
}

/* Counts all tokens of the block. Returns the number of tokens, or -1. */
static int64_t count_tokens(struct run *run, struct piece *p, struct word_counter *counter,
                            struct error *err)
{
    size_t count = 0;
    struct tokenizer t = tokenizer_over(&p->block);
    while (tokenizer_next(&t, &p->tokens)) {
        if (run->options->strict &&
            tokenizer_refuse_bad_words(&t, &p->tokens, &run->text->files, err) < 0)
            return -1;
        if (memory_reserve(&p->code, &p->capacity, count + TOKENS_MAX, sizeof *p->code, err) < 0 ||
            word_counter_add(counter, &p->tokens, p->code + count, err) < 0)
            return -1;
        count += p->tokens.count;
    }
    return (int64_t)count;
}

static int count_piece(void *data, unsigned slot, unsigned member, struct error *err)
{
    struct run *run = data;
    struct piece *p = &run->piece[slot];
    struct word_counter *counter = &run->c->counter[member];
    struct corpus_totals before = counter->totals;
    int64_t count = count_tokens(run, p, counter, err);
    if (count < 0)
        return -1;
    p->member = member;
    p->known = counter->counted.words.count;
    p->words = counter->totals.tokens - before.tokens;
    if (!run->c->store || count == 0)
        return 0;
    if (token_chunk_make(&p->chunk, p->code, (size_t)count, err) < 0)
        return -1;
    p->chunk.table = member;
    p->chunk.sentences = (uint32_t)(counter->totals.sentences - before.sentences);
    return token_store_is_full(run->c->store) ? token_chunk_pack(&p->chunk, &p->packer, err) : 0;
}

/* Records the words that a thread first met in this block. */
static int record_new_words(struct run *run, const struct piece *p, struct error *err)
{
    if (run->c->threads == 1 || p->known <= run->known[p->member])
        return 0;
    if (memory_reserve(&run->new_words, &run->new_words_capacity, run->new_words_count + 1,
                       sizeof *run->new_words, err) < 0)
        return -1;
    run->new_words[run->new_words_count++] = (struct new_words){p->member, p->known};
    run->known[p->member] = p->known;
    return 0;
}

static int finish_piece(void *data, unsigned slot, struct error *err)
{
    struct run *run = data;
    struct piece *p = &run->piece[slot];
    if (record_new_words(run, p, err) < 0)
        return -1;
    if (p->chunk.count > 0 && token_store_append(run->c->store, &p->chunk, err) < 0)
        return -1;
    run->words += p->words;
    if (run->options->progress)
        run->options->progress(run->text->files.bytes, run->words);
    return 0;
}

/* ---- merging the threads' tables ---- */

static int join_tables(struct run *run, struct error *err)
{
    struct text_counter *c = run->c;
    if (c->threads == 1) {
        c->whole = c->counter[0];
        c->counter[0] = (struct word_counter){0};
        return 0;
    }
    if (word_counter_init(&c->whole, err) < 0)
        return -1;
    for (unsigned i = 0; i < c->threads; i++) {
        struct word_counter *from = &c->counter[i];
        word_index_free(from->index);
        from->index = NULL;
        run->known[i] = UNKNOWN_ID + 1;
        c->whole_id[i] = memory_new(from->counted.words.count, sizeof **c->whole_id, err);
        if (!c->whole_id[i] || word_counter_add_words(&c->whole, &from->counted, UNKNOWN_ID,
                                                      UNKNOWN_ID + 1, c->whole_id[i], err) < 0)
            return -1;
        word_counter_add_totals(&c->whole, from);
    }
    for (size_t i = 0; i < run->new_words_count; i++) {
        struct new_words f = run->new_words[i];
        if (word_counter_add_words(&c->whole, &c->counter[f.member].counted, run->known[f.member],
                                   f.end, c->whole_id[f.member], err) < 0)
            return -1;
        run->known[f.member] = f.end;
    }
    return 0;
}

/* ---- the whole text ---- */

static int init(struct run *run, const uint64_t *memory, struct error *err)
{
    struct text_counter *c = run->c;
    *c = (struct text_counter){.threads = run->options->threads};
    run->piece = memory_new(ordered_queue_slots(c->threads), sizeof *run->piece, err);
    run->known = memory_new(c->threads, sizeof *run->known, err);
    c->counter = memory_new(c->threads, sizeof *c->counter, err);
    c->whole_id = memory_new(c->threads, sizeof *c->whole_id, err);
    if (!run->piece || !run->known || !c->counter || !c->whole_id)
        return -1;
    for (unsigned i = 0; i < c->threads; i++) {
        if (word_counter_init(&c->counter[i], err) < 0)
            return -1;
        run->known[i] = UNKNOWN_ID + 1;
    }
    c->store = memory ? token_store_new(*memory, err) : NULL;
    return memory && !c->store ? -1 : 0;
}

static void release(struct run *run)
{
    for (unsigned i = 0; run->piece && i < ordered_queue_slots(run->c->threads); i++) {
        struct piece *p = &run->piece[i];
        text_block_release(&p->block);
        free(p->code);
        token_chunk_release(&p->chunk);
        packer_release(&p->packer);
    }
    free(run->piece);
    free(run->new_words);
    free(run->known);
}

int text_counter_run(struct text_counter *c, struct text_reader *text,
                     const struct text_options *options, const uint64_t *memory, struct error *err)
{
    struct run run = {.c = c, .text = text, .options = options};
    const struct ordered_queue queue = {start_piece, count_piece, finish_piece, &run};
    int result = init(&run, memory, err);
    if (result == 0)
        result = ordered_queue_run(&queue, options->threads, err);
    if (result == 0)
        result = join_tables(&run, err);
    release(&run);
    if (result == 0 && c->whole.totals.tokens == 0)
        result = text_files_without_words(&text->files, err);
    if (result < 0)
        text_counter_release(c);
    return result;
}

void text_counter_release(struct text_counter *c)
{
    for (unsigned i = 0; i < c->threads; i++) {
        if (c->counter)
            word_counter_release(&c->counter[i]);
        if (c->whole_id)
            free(c->whole_id[i]);
    }
    free(c->counter);
    free(c->whole_id);
    word_counter_release(&c->whole);
    token_store_free(c->store);
    *c = (struct text_counter){0};
}

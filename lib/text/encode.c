/* SPDX-License-Identifier: MIT */
#include "text/encode.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "base/ordered_queue.h"

#define INLINE static inline __attribute__((always_inline))

/* ---- a text that was counted and stored ---- */

struct counted_piece {
    struct token_chunk chunk;
    struct packer packer;
    struct stream_frame frame;
    struct corpus_totals totals;
};

struct counted_run {
    struct token_store *store;
    struct corpus_writer *corpus;
    void (*progress)(uint64_t tokens);
    uint8_t **id; /* (threads) for each code of a thread, its id as stored in a record */
    struct counted_piece *piece; /* (ordered_queue_slots) */
};

/* Returns a table of the vocabulary ids for a thread's token codes. `whole_id` is NULL if the
 * thread's ids are those of `whole`. The caller frees the table. NULL on error. */
static uint8_t *ids_of_codes(const uint32_t *new_id, const uint32_t *whole_id, uint32_t words,
                             unsigned width, struct error *err)
{
    uint8_t *id = memory_new((size_t)words + TOKEN_CODE_FIRST_WORD, width, err);
    if (!id)
        return NULL;
    memset(id, 0xff, width); /* TOKEN_CODE_SENTENCE_END: the sentence mark */
    for (uint32_t i = 0; i < words; i++) {
        uint8_t *to = id + ((size_t)i + TOKEN_CODE_FIRST_WORD) * width;
        uint32_t value = new_id[whole_id ? whole_id[i] : i];
        if (width == 2)
            bytes_store_u16(to, value);
        else
            bytes_store_u32(to, value);
    }
    return id;
}

INLINE void translate(const struct token_chunk *chunk, const uint8_t *id, uint8_t *to,
                      unsigned width, unsigned id_width)
{
    const uint16_t *narrow = chunk->data;
    const uint32_t *wide = chunk->data;
    for (size_t i = 0; i < chunk->count; i++)
        memcpy(to + i * id_width, id + (size_t)(width == 2 ? narrow[i] : wide[i]) * id_width,
               id_width);
}

static void translate_chunk(const struct token_chunk *chunk, const uint8_t *id, uint8_t *to,
                            unsigned id_width)
{
    if (id_width == 2)
        chunk->width == 2 ? translate(chunk, id, to, 2, 2) : translate(chunk, id, to, 4, 2);
    else
        chunk->width == 2 ? translate(chunk, id, to, 2, 4) : translate(chunk, id, to, 4, 4);
}

static int start_counted(void *data, unsigned slot, struct error *err)
{
    struct counted_run *run = data;
    return token_store_read(run->store, &run->piece[slot].chunk, err);
}

static int encode_counted_piece(void *data, unsigned slot, unsigned member, struct error *err)
{
    (void)member;
    struct counted_run *run = data;
    struct counted_piece *p = &run->piece[slot];
    unsigned width = run->corpus->width;
    if (token_chunk_unpack(&p->chunk, &p->packer, err) < 0)
        return -1;
    stream_frame_clear(&p->frame);
    size_t size = (size_t)p->chunk.count * width;
    uint8_t *record = stream_frame_reserve(&p->frame, size, err);
    if (!record)
        return -1;
    translate_chunk(&p->chunk, run->id[p->chunk.table], record, width);
    p->totals.sentences = p->chunk.sentences;
    p->totals.tokens = p->chunk.count - p->chunk.sentences;
    token_chunk_release(&p->chunk);
    return stream_frame_add(&p->frame, RECORD_TOKENS, size, err) < 0
               ? -1
               : stream_frame_pack(&p->frame, err);
}

static int write_counted_piece(void *data, unsigned slot, struct error *err)
{
    struct counted_run *run = data;
    const struct counted_piece *p = &run->piece[slot];
    if (corpus_write_frame(run->corpus, &p->frame, &p->totals, err) < 0)
        return -1;
    if (run->progress)
        run->progress(run->corpus->totals.tokens);
    return 0;
}

static int init_counted(struct counted_run *run, const struct text_counter *c,
                        const uint32_t *new_id, struct error *err)
{
    unsigned width = run->corpus->width;
    run->piece = memory_new(ordered_queue_slots(c->threads), sizeof *run->piece, err);
    run->id = memory_new(c->threads, sizeof *run->id, err);
    if (!run->piece || !run->id)
        return -1;
    for (unsigned i = 0; i < ordered_queue_slots(c->threads); i++)
        if (stream_frame_init(&run->piece[i].frame, STREAM_CORPUS, err) < 0)
            return -1;
    for (unsigned i = 0; i < c->threads; i++) {
        const struct word_counter *of = c->whole_id[i] ? &c->counter[i] : &c->whole;
        run->id[i] = ids_of_codes(new_id, c->whole_id[i], of->counted.words.count, width, err);
        if (!run->id[i])
            return -1;
    }
    return 0;
}

int encode_counted(struct text_counter *c, const uint32_t *new_id, struct corpus_writer *corpus,
                   void (*progress)(uint64_t tokens), struct error *err)
{
    struct counted_run run = {.store = c->store, .corpus = corpus, .progress = progress};
    const struct ordered_queue queue = {start_counted, encode_counted_piece, write_counted_piece,
                                        &run};
    int result = init_counted(&run, c, new_id, err);
    if (result == 0)
        result = ordered_queue_run(&queue, c->threads, err);
    for (unsigned i = 0; run.piece && i < ordered_queue_slots(c->threads); i++) {
        token_chunk_release(&run.piece[i].chunk);
        packer_release(&run.piece[i].packer);
        stream_frame_release(&run.piece[i].frame);
    }
    for (unsigned i = 0; run.id && i < c->threads; i++)
        free(run.id[i]);
    free(run.piece);
    free(run.id);
    return result;
}

/* ---- a text while it is read ---- */

struct text_piece {
    struct text_block block;
    struct tokens tokens;
    struct stream_frame frame;
    struct corpus_totals totals;
    uint64_t bad_words;
};

struct text_run {
    struct text_reader *text;
    const struct text_options *options;
    const struct word_index *index;
    struct corpus_writer *corpus;
    uint64_t bad_words;
    struct text_piece *piece; /* (ordered_queue_slots) */
};

static int start_text(void *data, unsigned slot, struct error *err)
{
    struct text_run *run = data;
    return text_reader_read(run->text, &run->piece[slot].block, err);
}

/* Stores the ids of p->tokens in a record, and counts them. */
static void store_tokens(const struct text_run *run, struct text_piece *p, uint8_t *to)
{
    uint32_t id[TOKENS_MAX], lines = 0;
    unsigned width = run->corpus->width;
    word_index_find_all(run->index, &p->tokens, id);
    for (uint32_t i = 0; i < p->tokens.count; i++) {
        if (p->tokens.length[i] == TOKEN_LINE_END) {
            id[i] = SENTENCE_END;
            lines++;
        } else if (id[i] == NO_WORD) {
            id[i] = UNKNOWN_ID;
            p->bad_words += p->tokens.length[i] > WORD_MAX;
        }
    }
    for (uint32_t i = 0; width == 2 && i < p->tokens.count; i++)
        bytes_store_u16(to + 2 * (size_t)i, id[i]);
    for (uint32_t i = 0; width == 4 && i < p->tokens.count; i++)
        bytes_store_u32(to + 4 * (size_t)i, id[i]);
    p->totals.sentences += lines;
    p->totals.tokens += p->tokens.count - lines;
}

static int encode_text_piece(void *data, unsigned slot, unsigned member, struct error *err)
{
    (void)member;
    struct text_run *run = data;
    struct text_piece *p = &run->piece[slot];
    unsigned width = run->corpus->width;
    size_t size = 0;
    p->totals = (struct corpus_totals){0};
    p->bad_words = 0;
    stream_frame_clear(&p->frame);
    struct tokenizer t = tokenizer_over(&p->block);
    while (tokenizer_next(&t, &p->tokens)) {
        if (run->options->strict &&
            tokenizer_refuse_bad_words(&t, &p->tokens, &run->text->files, err) < 0)
            return -1;
        uint8_t *record = stream_frame_reserve(&p->frame, size + (size_t)TOKENS_MAX * width, err);
        if (!record)
            return -1;
        store_tokens(run, p, record + size);
        size += (size_t)p->tokens.count * width;
    }
    if (size == 0)
        return 0;
    return stream_frame_add(&p->frame, RECORD_TOKENS, size, err) < 0
               ? -1
               : stream_frame_pack(&p->frame, err);
}

static int write_text_piece(void *data, unsigned slot, struct error *err)
{
    struct text_run *run = data;
    const struct text_piece *p = &run->piece[slot];
    run->bad_words += p->bad_words;
    if (p->frame.records > 0 && corpus_write_frame(run->corpus, &p->frame, &p->totals, err) < 0)
        return -1;
    if (run->options->progress)
        run->options->progress(run->text->files.bytes, run->corpus->totals.tokens);
    return 0;
}

static int init_text(struct text_run *run, struct error *err)
{
    unsigned slots = ordered_queue_slots(run->options->threads);
    run->piece = memory_new(slots, sizeof *run->piece, err);
    if (!run->piece)
        return -1;
    for (unsigned i = 0; i < slots; i++)
        if (stream_frame_init(&run->piece[i].frame, STREAM_CORPUS, err) < 0)
            return -1;
    return 0;
}

int encode_text(struct text_reader *text, const struct text_options *options,
                const struct word_index *index, struct corpus_writer *corpus, uint64_t *bad_words,
                struct error *err)
{
    struct text_run run = {.text = text, .options = options, .index = index, .corpus = corpus};
    const struct ordered_queue queue = {start_text, encode_text_piece, write_text_piece, &run};
    int result = init_text(&run, err);
    if (result == 0)
        result = ordered_queue_run(&queue, options->threads, err);
    for (unsigned i = 0; run.piece && i < ordered_queue_slots(options->threads); i++) {
        text_block_release(&run.piece[i].block);
        stream_frame_release(&run.piece[i].frame);
    }
    free(run.piece);
    *bad_words = run.bad_words;
    if (result == 0 && corpus->totals.tokens == 0)
        result = text_files_without_words(&text->files, err);
    return result;
}

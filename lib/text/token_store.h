/* SPDX-License-Identifier: MIT */
/* token_store.h -- a text as numbers, written once and then read once, in memory as far as it may.
 *
 * It is kept in chunks, of which one thread makes each, and any thread packs and unpacks them.
 * What is above the bound goes, packed, to a temporary file, which has no name (temporary_file.h). The
 * store itself is for one thread, but for token_store_is_full.
 */
#ifndef SGNS_TOKEN_STORE_H
#define SGNS_TOKEN_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Some thousand tokens of a text. All zero is none. */
struct token_chunk {
    uint32_t table;     /* what the numbers refer to: for the user of the store */
    uint32_t sentences; /* likewise */
    uint32_t width;     /* of a number, in bytes: 2, or 4 where one of them is above 65535 */
    uint32_t count;
    uint32_t packed; /* bytes it has in packed form; 0: it is not packed */
    void *data;      /* uint16_t[count], uint32_t[count], or the packed form */
};

/* Makes one of `count` numbers, at least one. */
int token_chunk_make(struct token_chunk *chunk, const uint32_t *number, size_t count,
                     struct error *err) MUST_USE;
void token_chunk_release(struct token_chunk *chunk);

/* What packing takes to work with: one for each thread. All zero is one, until it is released. */
struct packer {
    void *zstd, *unzstd;
    uint8_t *packed; /* what was packed last, or halves of numbers */
    size_t capacity;
};

int token_chunk_pack(struct token_chunk *chunk, struct packer *packer, struct error *err) MUST_USE;
/* Also of one that is not packed. */
int token_chunk_unpack(struct token_chunk *chunk, struct packer *packer,
                       struct error *err) MUST_USE;
void packer_release(struct packer *packer);

struct token_store;

/* `memory`: bytes that the numbers may take. NULL on error. */
struct token_store *token_store_new(uint64_t memory, struct error *err) MUST_USE;
void token_store_free(struct token_store *store);

/* Whether chunks are packed from now on. Any thread may ask; a chunk that was not packed for
 * having asked too early will be in token_store_append. */
bool token_store_is_full(const struct token_store *store);

/* Takes the chunk over, also on error. */
int token_store_append(struct token_store *store, struct token_chunk *chunk,
                       struct error *err) MUST_USE;

/* The next one in the order of writing, the caller's to unpack and release. Returns 1, or 0 at the
 * end, or -1. Nothing is to be appended any more. */
int token_store_read(struct token_store *store, struct token_chunk *chunk,
                     struct error *err) MUST_USE;

#endif

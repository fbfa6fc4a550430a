/* SPDX-License-Identifier: MIT */
/* token_store.h -- stores a text as token codes, written once and read once, in memory or on disk.
 *
 * The text is stored in chunks. A chunk is made by one thread; any thread can pack (compress) and
 * unpack it. What exceeds the memory limit is packed and spilled to a temporary file, which has
 * no name (temporary_file.h). A store is used by one thread, except for token_store_is_full.
 */
#ifndef SGNS_TOKEN_STORE_H
#define SGNS_TOKEN_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* A few thousand tokens of a text. All zero is an empty chunk. */
struct token_chunk {
    uint32_t table;     /* for the caller: the word table that the codes refer to */
    uint32_t sentences; /* for the caller: how many of the tokens are ends of sentences */
    uint32_t width;     /* bytes per code: 2, or 4 if one of them exceeds 65535 */
    uint32_t count;     /* tokens */
    uint32_t packed;    /* size of the packed form in bytes; 0: not packed */
    void *data;         /* uint16_t[count], uint32_t[count], or the packed form */
};

/* Makes a chunk of `count` codes, at least one. Release it with token_chunk_release. */
int token_chunk_make(struct token_chunk *chunk, const uint32_t *code, size_t count,
                     struct error *err) MUST_USE;
void token_chunk_release(struct token_chunk *chunk);

/* Working memory for packing and unpacking: one per thread. Initialise with zeros. */
struct packer {
    void *zstd, *unzstd;
    uint8_t *packed; /* the latest packed form, or the halves of codes */
    size_t capacity;
};

int token_chunk_pack(struct token_chunk *chunk, struct packer *packer, struct error *err) MUST_USE;
/* Does nothing to a chunk that is not packed. */
int token_chunk_unpack(struct token_chunk *chunk, struct packer *packer,
                       struct error *err) MUST_USE;
void packer_release(struct packer *packer);

struct token_store;

/* Creates a store that keeps at most `memory` bytes of codes in memory. NULL on error. */
struct token_store *token_store_new(uint64_t memory, struct error *err) MUST_USE;
void token_store_free(struct token_store *store);

/* Whether chunks appended from now on will be spilled. The caller should pack them first, on any
 * thread; token_store_append packs those that are not packed. Any thread may call this. */
bool token_store_is_full(const struct token_store *store);

/* Appends a chunk and takes ownership of it, even on error. */
int token_store_append(struct token_store *store, struct token_chunk *chunk,
                       struct error *err) MUST_USE;

/* Returns the chunks in the order in which they were appended; the caller unpacks and releases
 * them. Returns 1, or 0 at the end, or -1. No chunk may be appended after the first read. */
int token_store_read(struct token_store *store, struct token_chunk *chunk,
                     struct error *err) MUST_USE;

#endif

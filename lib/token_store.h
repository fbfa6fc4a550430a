/* SPDX-License-Identifier: MIT */
/* token_store.h -- a text as numbers, written once and then read once, in memory as far as it may.
 *
 * What is above the bound goes to a compressed temporary file, which has no name (temporary.h).
 */
#ifndef SGNS_TOKEN_STORE_H
#define SGNS_TOKEN_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"

enum { STORE_BLOCK = 1 << 16 /* tokens that are handed on together */ };

struct token_store;

/* `memory`: bytes that the tokens may take, at 4 bytes each, beside three blocks to work with.
 * NULL on error. */
struct token_store *token_store_new(uint64_t memory, struct error *err) MUST_USE;
void token_store_free(struct token_store *store);

int token_store_append(struct token_store *store, const uint32_t *token, size_t count,
                       struct error *err) MUST_USE;

/* The next block, in the order of writing: *count tokens at *token, the caller's to change until
 * the next call. Returns 1, or 0 at the end, or -1. Nothing is to be appended any more. */
int token_store_read(struct token_store *store, uint32_t **token, size_t *count,
                     struct error *err) MUST_USE;

#endif

/* SPDX-License-Identifier: MIT */
/* pair_map.h -- maps pairs of ids to ids.
 *
 * Pairs are hashed with a random factor, new in every process, so that no text can be constructed
 * to collide. No result depends on it.
 */
#ifndef SGNS_PAIR_MAP_H
#define SGNS_PAIR_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/random.h"

/* Two ids as one number. NO_PAIR stands for none. */
#define NO_PAIR UINT64_MAX

static inline uint64_t pair_of(uint32_t first, uint32_t second)
{
    return (uint64_t)first << 32 | second;
}

static inline uint32_t pair_first(uint64_t pair)
{
    return (uint32_t)(pair >> 32);
}

static inline uint32_t pair_second(uint64_t pair)
{
    return (uint32_t)pair;
}

/* Multiply-shift with 128 random bits. */
struct pair_secret {
    uint64_t factor, addend;
};

int pair_secret_draw(struct pair_secret *secret, struct error *err) MUST_USE;

static inline uint64_t pair_hash(const struct pair_secret *secret, uint64_t pair)
{
    uint64_t low, high = multiply_wide(pair + secret->addend, secret->factor, &low);
    return high ^ low;
}

struct pair_map {
    struct pair_secret secret;
    struct pair_slot *slot; /* (mask + 1) */
    size_t mask, count;
};

/* Creates an empty map. On error there is nothing to release. */
int pair_map_init(struct pair_map *map, struct error *err) MUST_USE;
void pair_map_release(struct pair_map *map);
void pair_map_clear(struct pair_map *map);

/* The id of a pair, or `absent`. */
uint32_t pair_map_find(const struct pair_map *map, uint64_t pair, uint32_t absent);
/* Adds a pair that the map does not have. */
int pair_map_add(struct pair_map *map, uint64_t pair, uint32_t id, struct error *err) MUST_USE;

#endif

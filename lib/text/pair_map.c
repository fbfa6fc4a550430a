/* SPDX-License-Identifier: MIT */
#include "text/pair_map.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/system.h"

struct pair_slot {
    uint64_t pair;
    uint32_t id;
};

enum { SLOTS_MIN = 1 << 8 };

int pair_secret_draw(struct pair_secret *secret, struct error *err)
{
    if (system_random(secret, sizeof *secret) < 0)
        return error_system(err, "cannot generate a random key for a hash table");
    secret->factor |= 1;
    return 0;
}

static struct pair_slot *new_slots(size_t n, struct error *err)
{
    struct pair_slot *slot = memory_new(n, sizeof *slot, err);
    for (size_t i = 0; slot && i < n; i++)
        slot[i].pair = NO_PAIR;
    return slot;
}

int pair_map_init(struct pair_map *map, struct error *err)
{
    *map = (struct pair_map){.mask = SLOTS_MIN - 1};
    if (pair_secret_draw(&map->secret, err) < 0)
        return -1;
    map->slot = new_slots(SLOTS_MIN, err);
    return map->slot ? 0 : -1;
}

void pair_map_release(struct pair_map *map)
{
    free(map->slot);
    *map = (struct pair_map){0};
}

void pair_map_clear(struct pair_map *map)
{
    for (size_t i = 0; i <= map->mask; i++)
        map->slot[i].pair = NO_PAIR;
    map->count = 0;
}

/* The slot of the pair, or the free slot where it belongs. */
static struct pair_slot *probe(const struct pair_map *map, uint64_t pair)
{
    size_t at = pair_hash(&map->secret, pair) & map->mask;
    while (map->slot[at].pair != pair && map->slot[at].pair != NO_PAIR)
        at = (at + 1) & map->mask;
    return &map->slot[at];
}

static int grow(struct pair_map *map, struct error *err)
{
    struct pair_map larger = {.secret = map->secret, .mask = 2 * map->mask + 1};
    larger.slot = new_slots(larger.mask + 1, err);
    if (!larger.slot)
        return -1;
    for (size_t i = 0; i <= map->mask; i++)
        if (map->slot[i].pair != NO_PAIR)
            *probe(&larger, map->slot[i].pair) = map->slot[i];
    free(map->slot);
    map->slot = larger.slot;
    map->mask = larger.mask;
    return 0;
}

uint32_t pair_map_find(const struct pair_map *map, uint64_t pair, uint32_t absent)
{
    const struct pair_slot *slot = probe(map, pair);
    return slot->pair == pair ? slot->id : absent;
}

int pair_map_add(struct pair_map *map, uint64_t pair, uint32_t id, struct error *err)
{
    if (2 * (map->count + 1) > map->mask && grow(map, err) < 0)
        return -1;
    *probe(map, pair) = (struct pair_slot){pair, id};
    map->count++;
    return 0;
}

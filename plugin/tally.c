/* SPDX-License-Identifier: MIT */
#include "tally.h"

#include "hash.h"

#include <stdlib.h>
#include <string.h>

/* A slot is the digest of an image and, in the lowest bits, what was counted of
 * it; 0 is empty. */
#define SLOT_TAKEN UINT64_C(1)    /* its allocation */
#define SLOT_PROMISED UINT64_C(2) /* its capacity */
#define SLOT_SHIFT 2

#define ROOM_LEAST 64

/* 0: nothing names it. */
static uint64_t digest_of(const struct layer *layer)
{
    if (layer->seen.storage != STORAGE_UNKNOWN)
        return look_digest(&layer->seen);
    if (layer->storage == STORAGE_BLOCK && layer->source != 0)
        return layer->source;
    if (layer->image.seen.storage != STORAGE_UNKNOWN)
        return look_digest(&layer->image.seen);
    if (layer->path != NULL)
        return hash_text(HASH_START, layer->path);
    return layer->source;
}

/* The slot of the image, or the empty one where it belongs. */
static uint64_t *find_slot(const struct tally *tally, uint64_t image)
{
    size_t mask = tally->room - 1;
    size_t position = (size_t)(image >> SLOT_SHIFT) & mask;

    while (tally->slots[position] != 0 &&
           (tally->slots[position] ^ image) >> SLOT_SHIFT != 0)
        position = (position + 1) & mask;
    return &tally->slots[position];
}

static bool is_promised(const struct layer *layer)
{
    return layer->role == ROLE_CHAIN && layer->depth == 0;
}

/* Nor is it known what the guest's data take that lie in another file. */
static bool is_sized(const struct layer *layer)
{
    return layer_holds_all(layer) && layer->sizes.allocation != SIZE_UNKNOWN &&
           (!is_promised(layer) || layer->sizes.capacity != SIZE_UNKNOWN);
}

/* An image is left out until somebody knows its size. */
static void count_layer(struct tally *tally, struct totals *totals,
                        const struct layer *layer, bool known)
{
    uint64_t image = digest_of(layer) << SLOT_SHIFT;
    uint64_t alone = 0;
    uint64_t *slot = image != 0 ? find_slot(tally, image) : &alone;

    if (*slot == 0) {
        *slot = image;
        totals->images++;
        totals->unsized++;
    }
    if (!known || !is_sized(layer))
        return;
    if ((*slot & SLOT_TAKEN) == 0) {
        *slot |= SLOT_TAKEN;
        totals->unsized--;
        totals->allocation += layer->sizes.allocation;
    }
    if (is_promised(layer) && (*slot & SLOT_PROMISED) == 0) {
        *slot |= SLOT_PROMISED;
        totals->capacity += layer->sizes.capacity;
    }
}

/* Empties the table, with room for that many images. */
static bool make_room(struct tally *tally, size_t images)
{
    size_t room = ROOM_LEAST;

    while (room < 2 * images)
        room *= 2;
    if (room <= tally->room) {
        memset(tally->slots, 0, tally->room * sizeof(*tally->slots));
        return true;
    }
    tally_clear(tally);
    tally->slots = calloc(room, sizeof(*tally->slots));
    tally->room = tally->slots != NULL ? room : 0;
    return tally->slots != NULL;
}

static void count_disk(struct tally *tally, struct totals *totals,
                       const struct disk *disk, bool known)
{
    for (size_t i = 0; i < disk->layer_count; i++)
        if (disk->layers[i].storage != STORAGE_NONE && !disk->layers[i].missing)
            count_layer(tally, totals, &disk->layers[i], known);
}

bool tally_count(struct tally *tally, struct domain *const *domains,
                 size_t count, struct totals *ret_totals)
{
    struct totals totals = {0};
    size_t layers = 0;

    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < domains[i]->disk_count; j++)
            layers += domains[i]->disks[j].layer_count;
    if (!make_room(tally, layers))
        return false;
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < domains[i]->disk_count; j++)
            count_disk(tally, &totals, &domains[i]->disks[j],
                       domain_is_known(domains[i]));
    if (totals.images > 0 && totals.unsized == totals.images)
        totals.capacity = totals.allocation = SIZE_UNKNOWN;
    *ret_totals = totals;
    return true;
}

void tally_clear(struct tally *tally)
{
    free(tally->slots);
    *tally = (struct tally){0};
}

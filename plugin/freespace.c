/* SPDX-License-Identifier: MIT */
#include "freespace.h"

#include "hash.h"

#include <stdlib.h>
#include <string.h>

struct freespace_entry {
    uint64_t place; /* see place_of() */
    uint64_t free;
};

void freespace_reset(struct freespace *freespace)
{
    freespace->count = 0;
}

void freespace_clear(struct freespace *freespace)
{
    free(freespace->entries);
    *freespace = (struct freespace){0};
}

static void remember(struct freespace *freespace, uint64_t place,
                     uint64_t free_space)
{
    if (freespace->count == freespace->room) {
        size_t room = freespace->room > 0 ? 2 * freespace->room : 8;
        struct freespace_entry *entries =
            realloc(freespace->entries, room * sizeof(*entries));
        if (entries == NULL)
            return;
        freespace->entries = entries;
        freespace->room = room;
    }
    freespace->entries[freespace->count++] =
        (struct freespace_entry){place, free_space};
}

/* A hash of file system and folder: a quota of a project holds for a folder
 * and what lies in it. */
static uint64_t place_of(const struct layer *layer)
{
    const char *slash = strrchr(layer->path, '/');
    size_t length = slash != NULL ? (size_t)(slash - layer->path) : 0;
    uint64_t device = layer->seen.device;

    return hash_bytes(hash_bytes(HASH_START, &device, sizeof(device)),
                      layer->path, length);
}

uint64_t freespace_of(struct freespace *freespace, const struct images *images,
                      const struct layer *layer)
{
    const struct look *seen = &layer->seen;

    if (!layer->written || seen->storage != STORAGE_FILE)
        return SIZE_UNKNOWN;
    uint64_t place = place_of(layer);
    for (size_t i = 0; i < freespace->count; i++)
        if (freespace->entries[i].place == place)
            return freespace->entries[i].free;

    uint64_t free_space = images->free_space(layer->path);
    remember(freespace, place, free_space);
    return free_space;
}

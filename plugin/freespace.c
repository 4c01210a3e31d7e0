/* SPDX-License-Identifier: MIT */
#include "freespace.h"

#include <stdlib.h>

struct freespace_entry {
    uint64_t device; /* st_dev */
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

static void remember(struct freespace *freespace, uint64_t device,
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
        (struct freespace_entry){device, free_space};
}

uint64_t freespace_of(struct freespace *freespace, const struct images *images,
                      const struct layer *layer)
{
    const struct look *seen = &layer->seen;

    if (!layer->written || seen->storage != STORAGE_FILE)
        return SIZE_UNKNOWN;
    for (size_t i = 0; i < freespace->count; i++)
        if (freespace->entries[i].device == seen->device)
            return freespace->entries[i].free;

    uint64_t free_space = images->free_space(layer->path);
    remember(freespace, seen->device, free_space);
    return free_space;
}

/* SPDX-License-Identifier: MIT */
#include "freespace.h"

#include "hash.h"

#include <stdlib.h>
#include <string.h>

struct freespace_entry {
    uint64_t place; /* see place_of() */
    uint64_t free;
    unsigned long round; /* of another than the current one: an empty slot */
};

void freespace_reset(struct freespace *freespace)
{
    freespace->round++;
    freespace->count = 0;
}

void freespace_clear(struct freespace *freespace)
{
    free(freespace->entries);
    *freespace = (struct freespace){0};
}

/* A hash of file system and folder: a quota of a project holds for a folder
 * and what lies in it. */
static uint64_t place_of(const char *path, const struct look *seen)
{
    const char *slash = strrchr(path, '/');
    size_t length = slash != NULL ? (size_t)(slash - path) : 0;

    return hash_bytes(
        hash_bytes(HASH_START, &seen->device, sizeof(seen->device)), path,
        length);
}

/* The slot of the place, or the empty one where it belongs. The room is a power
 * of two, and half of it is empty at the least. */
static struct freespace_entry *find_slot(const struct freespace *freespace,
                                         uint64_t place)
{
    size_t position = place & (freespace->room - 1);
    struct freespace_entry *entry = &freespace->entries[position];

    while (entry->round == freespace->round && entry->place != place) {
        position = (position + 1) & (freespace->room - 1);
        entry = &freespace->entries[position];
    }
    return entry;
}

static bool make_room(struct freespace *freespace)
{
    struct freespace old = *freespace;

    if (2 * (freespace->count + 1) <= freespace->room)
        return true;
    freespace->room = old.room > 0 ? 2 * old.room : 16;
    freespace->entries = calloc(freespace->room, sizeof(*freespace->entries));
    if (freespace->entries == NULL) {
        *freespace = old;
        return false;
    }
    if (freespace->round == 0)
        freespace->round = 1;
    for (size_t i = 0; i < old.room; i++)
        if (old.entries[i].round == old.round)
            *find_slot(freespace, old.entries[i].place) = old.entries[i];
    free(old.entries);
    return true;
}

uint64_t freespace_of(struct freespace *freespace, const struct images *images,
                      const char *path, const struct look *seen)
{
    if (seen->storage != STORAGE_FILE)
        return SIZE_UNKNOWN;
    if (!make_room(freespace))
        return images->free_space(path);

    uint64_t place = place_of(path, seen);
    struct freespace_entry *entry = find_slot(freespace, place);
    if (entry->round != freespace->round) {
        *entry = (struct freespace_entry){place, images->free_space(path),
                                          freespace->round};
        freespace->count++;
    }
    return entry->free;
}

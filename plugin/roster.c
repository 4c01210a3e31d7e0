/* SPDX-License-Identifier: MIT */
#include "roster.h"

#include "grow.h"

#include <stdlib.h>
#include <string.h>

static void entry_free(struct roster_entry *entry)
{
    domain_clear(&entry->domain);
    free(entry);
}

/* Where the UUID is, or where it belongs. */
size_t roster_position(const struct roster *roster,
                       const unsigned char uuid[UUID_BYTES])
{
    size_t low = 0;
    size_t high = roster->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memcmp(roster->entries[middle]->domain.uuid, uuid, UUID_BYTES) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct roster_entry *roster_find(const struct roster *roster,
                                 const unsigned char uuid[UUID_BYTES])
{
    size_t position = roster_position(roster, uuid);

    if (position == roster->count ||
        memcmp(roster->entries[position]->domain.uuid, uuid, UUID_BYTES) != 0)
        return NULL;
    return roster->entries[position];
}

static bool make_room(struct roster *roster)
{
    struct roster_entry **entries =
        grow(roster->entries, roster->count, &roster->room,
             sizeof(struct roster_entry *));

    if (entries != NULL)
        roster->entries = entries;
    return entries != NULL;
}

struct roster_entry *roster_get(struct roster *roster,
                                const unsigned char uuid[UUID_BYTES])
{
    struct roster_entry *entry = roster_find(roster, uuid);

    if (entry != NULL || !make_room(roster))
        return entry;
    entry = calloc(1, sizeof(*entry));
    if (entry == NULL)
        return NULL;
    memcpy(entry->domain.uuid, uuid, UUID_BYTES);

    size_t position = roster_position(roster, uuid);
    struct roster_entry **place = &roster->entries[position];
    memmove(place + 1, place,
            (roster->count - position) * sizeof(struct roster_entry *));
    *place = entry;
    roster->count++;
    return entry;
}

bool roster_sweep(struct roster *roster, uint64_t pass, bool keep_off)
{
    size_t before = roster->count;
    size_t kept = 0;

    for (size_t i = 0; i < before; i++) {
        struct roster_entry *entry = roster->entries[i];
        if (entry->pass >= pass || (keep_off && entry->domain.id == DOMAIN_OFF))
            roster->entries[kept++] = entry;
        else
            entry_free(entry);
    }
    roster->count = kept;
    return kept < before;
}

bool roster_forget_namesake(struct roster *roster,
                            const struct roster_entry *entry)
{
    const char *name = entry->domain.name;

    for (size_t i = 0; name != NULL && i < roster->count; i++) {
        struct roster_entry *other = roster->entries[i];
        if (other->pass >= entry->pass || other->domain.name == NULL ||
            strcmp(other->domain.name, name) != 0)
            continue;
        entry_free(other);
        roster->count--;
        memmove(&roster->entries[i], &roster->entries[i + 1],
                (roster->count - i) * sizeof(struct roster_entry *));
        return true;
    }
    return false;
}

void roster_clear(struct roster *roster)
{
    for (size_t i = 0; i < roster->count; i++)
        entry_free(roster->entries[i]);
    free(roster->entries);
    *roster = (struct roster){0};
}

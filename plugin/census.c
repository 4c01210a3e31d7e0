/* SPDX-License-Identifier: MIT */
#include "census.h"

#include <stdlib.h>
#include <string.h>

bool census_start(struct census *census, size_t count)
{
    census->count = 0;
    if (count <= census->room)
        return true;

    struct census_entry *entries =
        realloc(census->entries, 2 * count * sizeof(*entries));
    if (entries == NULL)
        return false;
    census->entries = entries;
    census->room = 2 * count;
    return true;
}

static int compare(const void *uuid, const void *entry)
{
    return memcmp(uuid, ((const struct census_entry *)entry)->uuid, UUID_BYTES);
}

const struct census_entry *census_find(const struct census *census,
                                       const unsigned char uuid[UUID_BYTES])
{
    if (census->count == 0)
        return NULL;
    return bsearch(uuid, census->entries, census->count,
                   sizeof(struct census_entry), compare);
}

void census_clear(struct census *census)
{
    free(census->entries);
    *census = (struct census){0};
}

/* SPDX-License-Identifier: MIT
 *
 * Lists that grow: by doubling, so that many are added in linear time.
 */
#ifndef VIRT_BACKING_GROW_H
#define VIRT_BACKING_GROW_H

#include <stdlib.h>

/* The list, NULL while it is empty, with room for one more than `count` items
 * of that size. NULL when memory is short: then it is as it was. */
static inline void *grow(void *list, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return list;

    size_t more = *room > 0 ? 2 * *room : 16;
    void *grown = realloc(list, more * size);
    if (grown != NULL)
        *room = more;
    return grown;
}

#endif

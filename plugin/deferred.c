/* SPDX-License-Identifier: MIT */
#include "deferred.h"

#include <stdlib.h>

static bool make_room(struct deferred *deferred)
{
    if (deferred->count < deferred->room)
        return true;

    size_t room = deferred->room > 0 ? 2 * deferred->room : 8;
    struct deferred_event *events =
        realloc(deferred->events, room * sizeof(*events));
    if (events == NULL)
        return false;
    deferred->events = events;
    deferred->room = room;
    return true;
}

void deferred_add(struct deferred *deferred, const struct event *event,
                  double time)
{
    if (deferred->count < DEFERRED_MOST && make_room(deferred))
        deferred->events[deferred->count++] =
            (struct deferred_event){*event, time};
}

void deferred_clear(struct deferred *deferred)
{
    free(deferred->events);
    *deferred = (struct deferred){0};
}

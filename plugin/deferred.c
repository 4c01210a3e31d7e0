/* SPDX-License-Identifier: MIT */
#include "deferred.h"

#include "grow.h"

#include <stdlib.h>

void deferred_add(struct deferred *deferred, const struct event *event,
                  double time)
{
    if (deferred->count == DEFERRED_MOST)
        return;
    struct deferred_event *events = grow(deferred->events, deferred->count,
                                         &deferred->room, sizeof(*events));
    if (events == NULL)
        return;
    deferred->events = events;
    deferred->events[deferred->count++] = (struct deferred_event){*event, time};
}

void deferred_clear(struct deferred *deferred)
{
    free(deferred->events);
    *deferred = (struct deferred){0};
}

/* SPDX-License-Identifier: MIT
 *
 * Events of domains that no pass has seen yet since they began to run: what
 * they are about, and under which names, it takes a pass to know.
 */
#ifndef VIRT_BACKING_DEFERRED_H
#define VIRT_BACKING_DEFERRED_H

#include "event.h"

/* More than that many are not kept: a pass finds out what pauses a domain. */
#define DEFERRED_MOST 1024

struct deferred_event {
    struct event event;
    double time; /* when it came */
};

struct deferred {
    struct deferred_event *events; /* the oldest first */
    size_t count;
    size_t room;
};

/* Adds a copy, where there is room and memory. */
void deferred_add(struct deferred *deferred, const struct event *event,
                  double time);

void deferred_clear(struct deferred *deferred);

#endif

/* SPDX-License-Identifier: MIT
 *
 * Looks at the hypervisor, one after the other, in a thread of their own: so
 * whoever shows what they found never waits for it.
 */
#ifndef VIRT_BACKING_PAINTER_H
#define VIRT_BACKING_PAINTER_H

#include "complain.h"
#include "host.h"
#include "list.h"

#include <time.h>

/* What a look found. */
struct picture {
    double taken;   /* when it ended; 0: no look has ended yet */
    time_t clock;   /* the same for people */
    char *table;    /* of list_print(); NULL: libvirt did not answer */
    char *hostname; /* NULL: not known */
    size_t stalled; /* domains that do not answer */
    char complaint[COMPLAINT_LENGTH]; /* what went wrong; "" */
};

struct painter;

/* From now on the host is the painter's. NULL when memory is short, or no
 * thread can be had. */
struct painter *painter_new(struct host *host);

/* Ends the look that is under way; the host can be closed then. Takes NULL. */
void painter_free(struct painter *painter);

/* Readable when a look has ended that was not taken yet. */
int painter_descriptor(const struct painter *painter);

/* Begins a look; not while one is under way, or was not taken yet. */
void painter_begin(struct painter *painter, const struct list_form *form);

/* What the look found; NULL while it is under way. Good until the next one is
 * taken. */
const struct picture *painter_take(struct painter *painter);

#endif

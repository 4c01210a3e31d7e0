/* SPDX-License-Identifier: MIT
 *
 * One pass over a hypervisor: asks for the statistics, keeps the model of
 * each domain (chain.h) from one pass to the next, reads XML only where a
 * model is new, out of date or no longer fits, and settles the sizes.
 */
#ifndef VIRT_BACKING_COLLECTOR_H
#define VIRT_BACKING_COLLECTOR_H

#include "hypervisor.h"
#include "log.h"
#include "pools.h"
#include "settings.h"

/* What the last pass found. */
struct inventory {
    bool answered; /* false: the hypervisor gave no answer, nothing is known */
    const char *hostname; /* the hypervisor's; NULL before it first answered */
    uint64_t calls;       /* that the pass made to the hypervisor */
    struct domain **domains; /* that answered, in the order of their UUIDs */
    size_t count;
    const struct pools *pools; /* as they were last read */
};

struct collector;

/* Everything that is passed must outlive the collector. NULL when memory is
 * short. */
struct collector *collector_new(const struct settings *settings,
                                const struct hypervisor *hypervisor,
                                const struct images *images,
                                const struct log *log);

/* Takes NULL. */
void collector_free(struct collector *collector);

/* A pass. `now` is a time in seconds that never goes backwards. The answer
 * belongs to the collector and is good until the next pass. */
const struct inventory *collector_read(struct collector *collector, double now);

#endif

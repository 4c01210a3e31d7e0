/* SPDX-License-Identifier: MIT
 *
 * One pass over a hypervisor: asks for the statistics, keeps the model of
 * each domain (chain.h) from one pass to the next, reads XML only where a
 * model is new, out of date or no longer fits, and settles the sizes.
 *
 * What may block is done by others (asker.h, porters.h): a pass takes Timeout
 * at the most, and a moment for storage (lookout.h).
 */
#ifndef VIRT_BACKING_COLLECTOR_H
#define VIRT_BACKING_COLLECTOR_H

#include "asker.h"
#include "event.h"
#include "herald.h"
#include "log.h"
#include "pools.h"
#include "settings.h"
#include "tally.h"

/* What the last pass found. */
struct inventory {
    bool answered; /* false: the hypervisor gave no answer, nothing is known */
    const char *hostname; /* the hypervisor's; NULL before it first answered */
    uint64_t calls;       /* to the hypervisor that were answered in the pass */
    size_t stalled; /* domains that have not answered for longer than Timeout */
    struct domain **domains; /* that are known, in the order of their UUIDs */
    size_t count;
    bool counted;         /* false: memory is short, and of the totals nothing
                           * is known */
    struct totals totals; /* of all of them */
    const struct pools *pools; /* as they were last read */
};

struct collector;

/* `hypervisors`: one for each worker of the crew. `teller` is told what is
 * wrong (herald.h). All that is passed must outlive the collector. NULL when
 * memory is short, or no thread can be had. */
struct collector *collector_new(const struct settings *settings,
                                const struct hypervisor hypervisors[LANES],
                                const struct crew *crew,
                                const struct images *images,
                                const struct teller *teller,
                                const struct log *log);

/* Ends the pass that is under way. From any thread. */
void collector_stop(struct collector *collector);

/* Only when the crew's workers are idle. False, and all is left as it is, when
 * an image is still being read. Takes NULL. */
bool collector_free(struct collector *collector);

/* A pass. The answer belongs to the collector and is good until the next one.
 */
const struct inventory *collector_read(struct collector *collector);

/* An event has come. From any thread: it is put aside, and seen to in a moment
 * by the pass that is under way, or by collector_attend(). */
void collector_hear(struct collector *collector, const struct event *event);

/* Sees to the events that have come; not while a pass is under way. True when
 * a pass would tell more of them. */
bool collector_attend(struct collector *collector);

/* Something is wrong that is not told yet: its reason is for a pass to find. */
bool collector_owes(const struct collector *collector);

#endif

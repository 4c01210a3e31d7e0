/* SPDX-License-Identifier: MIT
 *
 * Asks the hypervisor for statistics, through workers, and goes on without
 * what does not come back in time.
 *
 * A call to a QEMU that does not answer never returns, nor does libvirt stop
 * working on it when its caller goes away: what hangs is left to hang on its
 * lane, and counts. Who is to blame for it, libvirt tells on another lane; that
 * domain and those on the same storage are then left out of the call for all
 * others.
 */
#ifndef VIRT_BACKING_ASKER_H
#define VIRT_BACKING_ASKER_H

#include "lanes.h"
#include "log.h"
#include "roster.h"

struct asker;

/* `hypervisors`: one for each lane. `crew` has as many workers. Everything that
 * is passed must outlive the asker. NULL when memory is short. */
struct asker *asker_new(const struct settings *settings,
                        const struct hypervisor hypervisors[LANES],
                        const struct crew *crew, struct roster *roster,
                        const struct log *log);

/* Only when no lane has work any more. Takes NULL. */
void asker_free(struct asker *asker);

/* Takes an answer, of domains or of pools. */
typedef void (*asker_take)(void *context, struct query *query);

/* What a pass is to ask for. */
struct asker_wish {
    bool inactive;   /* domains that do not run, too */
    bool pools;      /* and storage pools */
    double deadline; /* until which the pass waits */
};

/* `take` is called for each answer that is good in this pass, in the thread of
 * the caller. Entries of the roster are marked as asked, stuck and suspect;
 * who was asked and did not answer is left for the caller to see. False when no
 * answer came in time that tells which domains there are. */
bool asker_pass(struct asker *asker, const struct asker_wish *wish,
                asker_take take, void *context);

/* Has errands done in the pass that asker_pass() began, and waits for them
 * until its deadline; `take` is called then, or in a later pass. Empties the
 * list: where no lane can be spared they are forgotten. */
void asker_run(struct asker *asker, struct errands *errands);

/* `between` is called, in the thread that waits, whenever a wait was
 * interrupted. */
void asker_set_between(struct asker *asker, void (*between)(void *context),
                       void *context);

#endif

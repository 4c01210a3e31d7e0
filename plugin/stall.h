/* SPDX-License-Identifier: MIT
 *
 * Domains whose QEMU does not answer, and those that may be next: such as lie
 * on the same storage. Neither is asked together with the others.
 */
#ifndef VIRT_BACKING_STALL_H
#define VIRT_BACKING_STALL_H

#include "log.h"
#include "place.h"
#include "roster.h"

struct stall {
    struct roster *roster;
    const struct log *log;
    struct places bad; /* of domains that are stuck, as far as nobody has
                        * answered from there since */
    size_t count;      /* of those that are stuck or suspect */
};

/* The domain does not answer: it is stuck, and those that share its storage
 * are suspects. One line in the log. */
void stall_blame(struct stall *stall, struct roster_entry *entry, double now);

/* The domain answered: it is neither, and its storage is good. One line in the
 * log for one that was stuck. */
void stall_clear(struct stall *stall, struct roster_entry *entry);

/* Nobody waits for the domain any more: it may answer, and is tried next. */
void stall_doubt(struct roster_entry *entry);

/* Finds the suspects anew, where layouts have changed. */
void stall_review(struct stall *stall);

/* The domain to be tried by itself: one that is suspect or stuck, and was not
 * tried in the last `interval` seconds. Of several the one that is likeliest to
 * answer, then that which was tried longest ago. NULL where there is
 * none. */
struct roster_entry *stall_candidate(const struct stall *stall, double now,
                                     double interval);

void stall_end(struct stall *stall);

#endif

/* SPDX-License-Identifier: MIT
 *
 * What the hypervisor's events mean, and what a pass makes up for where events
 * were lost, or where there never are any: alarms are raised and ended by
 * both, in whatever order they come. The hypervisor knows nothing of what it
 * told before it or this program was started anew; a pass sees all that is
 * wrong.
 */
#ifndef VIRT_BACKING_WATCH_H
#define VIRT_BACKING_WATCH_H

#include "deferred.h"
#include "errands.h"
#include "event.h"
#include "herald.h"
#include "log.h"
#include "roster.h"

/* So long after the last I/O error that was reported to a guest that runs on,
 * it counts as over: nobody tells. Seconds. */
#define WATCH_CALM 60

struct watch {
    const struct settings *settings;
    const struct log *log;
    struct roster *roster;
    struct herald herald;
    struct alarms unexplained; /* not told: a pass may tell the reason */
    struct deferred deferred;  /* of domains that no pass has seen yet */
    bool may_write;            /* thresholds can be set */
    double began;              /* when the current pass did */
    size_t next_asked; /* whose turn it is to be asked, where there are more
                        * questions than a pass has room or time for ... */
    size_t next_armed; /* ... and to be armed ... */
    bool arm_first;    /* ... which comes first in the next pass */
};

/* An event has come. True when more is to be told of it than is known: a pass
 * should follow soon. */
bool watch_take(struct watch *watch, const struct event *event, double now);

/* What was heard of domains before a pass has seen them. Part of
 * watch_settle().
 */
void watch_catch_up(struct watch *watch);

/* After a pass that began then: what was put off is told, and watermarks end
 * where there is room, before watch_plan() has thresholds set anew. */
void watch_settle(struct watch *watch, double began, double now);

/* What is to be asked and set after a pass, besides the statistics: progress
 * of block jobs, who caused a pause, thresholds. */
void watch_plan(struct watch *watch, struct errands *errands);

/* Some of them were not put: their turn comes first in the next pass. */
void watch_resume(struct watch *watch, const struct errands *errands);

/* What came of one of them, which was put at the time `put`. */
void watch_answer(struct watch *watch, const struct errand *errand, double put,
                  double now);

/* Compares what the pass found, and its answers, with the alarms that stand. */
void watch_review(struct watch *watch, double now);

void watch_clear(struct watch *watch);

#endif

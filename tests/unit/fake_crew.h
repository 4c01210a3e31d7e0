/* SPDX-License-Identifier: MIT
 *
 * A crew without threads, and a clock that is set by hand. What is started is
 * done at once, unless it is a query that asks a domain which is stuck: that
 * hangs until fake_crew_thaw(). To wait is to set the clock forward.
 */
#ifndef VIRT_BACKING_TESTS_FAKE_CREW_H
#define VIRT_BACKING_TESTS_FAKE_CREW_H

#include "asker.h"
#include "fake_hypervisor.h"

struct fake_crew {
    struct fake_hypervisor *fake; /* whom the queries ask */
    double now;
    double tick; /* the clock goes on by that much whenever it is looked at */
    void (*meanwhile)(void); /* happens while the next query is answered */
    bool frozen; /* libvirt itself does not answer: all that is started hangs */
    bool late;   /* errands hang until fake_crew_thaw() */
    bool slow;   /* the next one is done at once, and is back when they are */
    bool stopped; /* all is to end */
    struct fake_lane {
        void (*work)(void *job); /* NULL: idle */
        void *job;
        struct fake_domain *domain; /* on whom it hangs; NULL: on libvirt */
        double since;
    } lanes[LANES];
    unsigned started;
    unsigned most; /* that hung at a time */
    unsigned waits;
    unsigned wakes;
};

struct crew fake_crew_table(struct fake_crew *crew);

/* Does what hangs on domains that are no longer stuck, or on a libvirt that is
 * no longer frozen. */
void fake_crew_thaw(struct fake_crew *crew);

#endif

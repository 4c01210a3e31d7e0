/* SPDX-License-Identifier: MIT
 *
 * Three lanes on which questions are put, each a worker with a connection of
 * its own: so there are never more than three calls outstanding, whatever
 * hangs.
 */
#ifndef VIRT_BACKING_LANES_H
#define VIRT_BACKING_LANES_H

#include "crew.h"
#include "query.h"

#define LANES 3

enum purpose {
    PURPOSE_NONE,   /* the lane is free */
    PURPOSE_SHARED, /* many domains in one call */
    PURPOSE_TRY,    /* one domain that may not answer */
    PURPOSE_BUSY,   /* whose QEMU is waited for, where a call hangs */
    PURPOSE_OFF,    /* those that are off, where a call hangs */
    PURPOSE_POOLS,
    PURPOSE_ERRANDS,
};

struct lane {
    struct query query;
    enum purpose purpose;
    double since;                   /* when the question was put */
    bool blamed;                    /* it is known who makes it hang */
    unsigned char uuid[UUID_BYTES]; /* of the domain that is tried */
};

struct lanes {
    const struct crew *crew;
    struct lane lanes[LANES];
    uint64_t pass; /* number of the current one */
    bool stopping; /* all is to end */

    /* Takes the answer of a lane, which is free again then. */
    void (*finish)(void *context, struct lane *lane, enum purpose purpose);
    void *context;

    /* Called each time that a wait was interrupted, in the thread that waits;
     * may be NULL. */
    void (*between)(void *context);
    void *between_context;
};

/* With that purpose, PURPOSE_NONE too. */
size_t lanes_count(const struct lanes *lanes, enum purpose purpose);

/* Questions of earlier passes that have not been answered. */
size_t lanes_count_hung(const struct lanes *lanes);

/* Something was asked in this pass for that purpose, and is not answered. */
bool lanes_is_under_way(const struct lanes *lanes, enum purpose purpose);

/* NULL where none is. */
struct lane *lanes_free(struct lanes *lanes);

/* A call for many that hangs, and nobody knows why; NULL: there is none. */
struct lane *lanes_mystery(struct lanes *lanes);

/* Puts the lane's question. */
void lanes_start(struct lanes *lanes, struct lane *lane, enum purpose purpose);

/* Has all answers taken that have come. */
void lanes_collect(struct lanes *lanes);

/* Waits for what was asked in this pass for that purpose, until `until` at the
 * most, and has answers taken meanwhile. */
void lanes_wait_for(struct lanes *lanes, enum purpose purpose, double until);

/* The same for calls of earlier passes that are a mystery. */
void lanes_wait_for_mystery(struct lanes *lanes, double until);

double lanes_now(const struct lanes *lanes);

#endif

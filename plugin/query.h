/* SPDX-License-Identifier: MIT
 *
 * A question to the hypervisor and its answer. A worker puts it, and touches
 * nothing but the query and what never changes: so it may hang for as long as
 * it likes, and who has asked goes on.
 */
#ifndef VIRT_BACKING_QUERY_H
#define VIRT_BACKING_QUERY_H

#include "census.h"
#include "figures.h"
#include "layout.h"
#include "pools.h"
#include "settings.h"

enum query_kind {
    QUERY_STATS, /* the domains' statistics, and XML where that is called for */
    QUERY_BUSY,  /* whose QEMU is being waited for */
    QUERY_POOLS, /* storage pools, and volumes where they are asked for */
    QUERY_ERRANDS, /* small things for single domains */
};

/* What came of reading a domain's XML. */
struct query_layout {
    enum layout_outcome outcome;
    char *reason; /* why not; NULL where it was read, or is gone */
    struct domain domain;
};

/* A domain in an answer. */
struct query_domain {
    unsigned char uuid[UUID_BYTES];
    int id;
    double busy;    /* QUERY_BUSY: seconds that its QEMU has been waited for */
    bool answered;  /* with statistics; else no more than that it is there */
    bool whole;     /* with sizes: a domain that is busy has none */
    bool supported; /* see struct blockstats */
    bool running;   /* not paused */
    bool halted;    /* paused by an I/O error */
    uint64_t signature;
    size_t first; /* position of its first record's figures */
    size_t records;
    struct query_layout *layout; /* NULL: the one that is known still holds */
};

struct query {
    /* Of the worker who puts it. */
    const struct hypervisor *hypervisor;
    const struct settings *settings;

    /* The question. Domains that the census does not know are asked, too, with
     * `newcomers`: those that fall to this part of so many. */
    enum query_kind kind;
    uint64_t pass; /* in which it was put: it may be answered in a later one */
    double put;    /* when that was */
    bool inactive; /* those that do not run, too */
    bool newcomers;
    bool unlisted; /* those that the census knows and wants, and no list of all
                    */
    size_t part;
    size_t parts;
    struct census census;
    struct errands errands; /* with their answers */

    /* The answer. */
    bool answered;  /* false: nothing below is good but `calls` */
    bool local;     /* the hypervisor runs on this host */
    bool may_write; /* thresholds can be set there */
    char *hostname;
    uint64_t calls;
    struct query_domain *domains;
    size_t count;
    size_t room;
    struct figure *figures; /* a record after the other */
    size_t figure_count;
    size_t figure_room;
    struct pools pools;
};

/* Puts the question; blocks. `query` is a struct query. */
void query_put(void *query);

/* Forgets the answer, keeps the memory. */
void query_forget(struct query *query);

void query_clear(struct query *query);

/* Whether image files and devices are looked at. */
bool query_may_look(const struct settings *settings, bool local);

#endif

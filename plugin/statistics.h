/* SPDX-License-Identifier: MIT
 *
 * The statistics of many domains, in as few calls to libvirt as it takes. Part
 * of the session; nothing else includes it.
 */
#ifndef VIRT_BACKING_STATISTICS_H
#define VIRT_BACKING_STATISTICS_H

#include "hypervisor.h"
#include "log.h"
#include "select.h"

#include <libvirt/libvirt.h>

/* Records that are asked for in one call. libvirt's bound for a reply is
 * 32 MiB, and for the parameters of a domain 262,144 (4,096 in old versions):
 * a record has up to sixteen, of some 60 bytes each, and a path. */
#define STATISTICS_RECORDS_A_CALL 8192

struct statistics {
    const struct select *select;
    const struct log *log;
    uint64_t calls;          /* to libvirt, of the whole session */
    bool lost;               /* the connection, in the midst of an answer */
    struct blockstats stats; /* of one domain; kept for its memory */
    bool unsupported;        /* by the driver behind the current connection */
    bool told_large;
};

/* One attempt; see read() of struct hypervisor. False, and a reason to be freed
 * (NULL: memory is short), where there is no answer, or the connection broke
 * while more was asked for it. */
bool statistics_read(struct statistics *statistics, virConnectPtr handle,
                     const struct ask *ask, hypervisor_visit visit,
                     void *context, char **ret_reason);

/* See read_known() of struct hypervisor. */
bool statistics_read_known(struct statistics *statistics, virConnectPtr handle,
                           const struct ask *ask, hypervisor_visit visit,
                           void *context, char **ret_reason);

/* See read_busy() of struct hypervisor. */
bool statistics_read_busy(struct statistics *statistics, virConnectPtr handle,
                          hypervisor_visit_busy visit, void *context,
                          char **ret_reason);

void statistics_clear(struct statistics *statistics);

#endif

/* SPDX-License-Identifier: MIT
 *
 * The layout of a domain: which disks it has, of which layers, and which of
 * the hypervisor's records speaks of which layer. Made from XML, and good
 * until the records' signature changes.
 */
#ifndef VIRT_BACKING_LAYOUT_H
#define VIRT_BACKING_LAYOUT_H

#include "domxml.h"
#include "hypervisor.h"
#include "select.h"

enum layout_outcome {
    LAYOUT_GONE,    /* there is no XML: the domain has just vanished */
    LAYOUT_REFUSED, /* the XML can't be had now */
    LAYOUT_BAD,     /* the XML can't be understood */
    LAYOUT_LOOSE,   /* done, but some records belong to no layer: a job began or
                     * ended between the statistics and the XML */
    LAYOUT_DONE,
};

/* Replaces disks and metadata of `domain`; disks that are not selected are
 * left out. After the first three outcomes neither is of use; LAYOUT_REFUSED
 * and LAYOUT_BAD set *ret_reason, good until the next call to the hypervisor.
 */
enum layout_outcome
layout_read(struct domain *domain, const struct hypervisor *hypervisor,
            const struct domain_ref *ref, const struct blockstats *stats,
            const struct metadata_query *query, const struct select *select,
            const char **ret_reason);

#endif

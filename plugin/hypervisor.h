/* SPDX-License-Identifier: MIT
 *
 * What a collector needs of the world, as tables of functions: the
 * hypervisor (session.h is the real one) and the images of this host
 * (images.h). Tests put fakes in their place.
 */
#ifndef VIRT_BACKING_HYPERVISOR_H
#define VIRT_BACKING_HYPERVISOR_H

#include "blockstats.h"
#include "chain.h"

/* A domain as one answer names it; good while the visit lasts. */
struct domain_ref {
    unsigned char uuid[UUID_BYTES];
    int id;
    const char *name;
    void *handle; /* the hypervisor's own */
};

typedef void (*hypervisor_visit)(void *context, const struct domain_ref *ref,
                                 const struct blockstats *stats);

struct hypervisor {
    void *context;

    /* Asks for the statistics of all domains that run and are selected, and
     * calls `visit` for each. False when there was no answer: nothing is then
     * known of any domain. Says so in the log, once. */
    bool (*read)(void *context, hypervisor_visit visit, void *visit_context);

    /* The domain's XML, to be freed. NULL when the domain is gone, or with a
     * reason (good until the next call) when the XML can't be had. */
    char *(*domain_xml)(void *context, const struct domain_ref *ref,
                        const char **ret_reason);

    /* The XML of the backup that the domain runs, to be freed; NULL where
     * none runs. */
    char *(*backup_xml)(void *context, const struct domain_ref *ref);

    /* The RFC's three values of a disk's active layer, for hypervisors that
     * have no block statistics. */
    bool (*block_info)(void *context, const struct domain_ref *ref,
                       const char *target, struct sizes *ret_sizes);

    /* STORAGE_UNKNOWN where the pool or the volume can't be found. */
    enum storage (*volume_storage)(void *context, const char *pool,
                                   const char *volume);

    /* Of the host that the hypervisor runs on; NULL before the first
     * connection. Good until the next read. */
    const char *(*hostname)(void *context);

    /* True when that host is this one. */
    bool (*is_local)(void *context);

    /* Number of calls to the hypervisor so far. */
    uint64_t (*calls)(void *context);
};

struct images {
    bool (*look)(const char *path, struct look *ret_look);
};

#endif

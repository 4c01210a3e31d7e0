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
    int id; /* DOMAIN_OFF when it does not run */
    const char *name;
    void *handle; /* the hypervisor's own */
};

typedef void (*hypervisor_visit)(void *context, const struct domain_ref *ref,
                                 const struct blockstats *stats);

/* A storage pool; good while the visit lasts. */
struct pool_ref {
    unsigned char uuid[UUID_BYTES];
    const char *name;
    uint64_t capacity;
    uint64_t allocation;
    uint64_t available;
    void *handle; /* the hypervisor's own */
};

typedef void (*hypervisor_visit_pool)(void *context,
                                      const struct pool_ref *ref);
typedef void (*hypervisor_visit_volume)(void *context, const char *name,
                                        const char *xml);

struct hypervisor {
    void *context;

    /* Asks for the statistics of all domains that run and are selected, with
     * `inactive` also of those that do not run, and calls `visit` for each.
     * False when there was no answer: nothing is then
     * known of any domain. Says so in the log, once. */
    bool (*read)(void *context, bool inactive, hypervisor_visit visit,
                 void *visit_context);

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

    /* Calls `visit` for each storage pool that is active and selected, and for
     * each volume of a pool, with its XML. No pool is refreshed. False when
     * there was no answer. A volume that has just vanished is passed over. */
    bool (*read_pools)(void *context, hypervisor_visit_pool visit,
                       void *visit_context);
    bool (*read_volumes)(void *context, const struct pool_ref *ref,
                         hypervisor_visit_volume visit, void *visit_context);

    /* The XML of the volume at that path, in whatever pool, to be freed; NULL
     * where there is none. */
    char *(*volume_xml)(void *context, const char *path);

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
    uint64_t (*free_space)(const char *path);
    const char *(*read)(const char *path, const char *format,
                        struct image *ret_image);
    const char *denied; /* the reason of read() for want of permission */
};

#endif

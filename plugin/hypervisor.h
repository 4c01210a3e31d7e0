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

/* Which domains a read is to ask for their statistics. */
struct ask {
    bool inactive;  /* those that do not run, too */
    bool everybody; /* nobody is left out: one call may do for all */
    size_t records; /* that are expected of all together; 0: not known */
    void *context;
    /* Whether to ask that domain, and how many records are expected of it. */
    bool (*wants)(void *context, const struct domain_ref *ref,
                  size_t *ret_records);
    /* UUID of the next domain that is known and to be asked, in the order of
     * *position, which starts with 0; NULL behind the last. */
    const unsigned char *(*next)(void *context, size_t *position);
};

/* A domain that runs, and for how many seconds its QEMU has been waited for; 0:
 * it is not. */
typedef void (*hypervisor_visit_busy)(void *context,
                                      const struct domain_ref *ref,
                                      double seconds);

enum errand_kind {
    ERRAND_JOB,       /* which block job a disk has, and how far it is */
    ERRAND_BACKUP,    /* how far the domain's backup is */
    ERRAND_ERRORS,    /* which disks have made the hypervisor pause it */
    ERRAND_THRESHOLD, /* set a block threshold */
};

#define ERRAND_TARGET_SIZE 64

struct disk_error {
    char target[ERRAND_TARGET_SIZE];
    bool no_space; /* else it is of some other kind */
};

/* Something to be done for one domain. */
struct errand {
    enum errand_kind kind;
    unsigned char uuid[UUID_BYTES];
    int id;                          /* the run of the domain that is meant */
    char target[ERRAND_TARGET_SIZE]; /* "vda"; for a threshold "vda[3]" */
    uint64_t threshold;              /* offset in bytes */

    bool done;      /* false: it was not to be had, and a later one may be */
    char *reason;   /* why the hypervisor refuses it; NULL: it does not */
    struct job job; /* the answer to the first two */
    struct disk_error *errors; /* to the third */
    size_t error_count;
};

struct errands {
    struct errand *errands; /* cheaper with those for one domain together */
    size_t count;
    size_t put; /* so many of them; there was no time for those behind */
    size_t room;
};

/* All calls block, some for as long as a QEMU does not answer: they are made in
 * threads that nobody waits for without end (workers.h). */
struct hypervisor {
    void *context;

    /* Visits the domains that run and are selected, with `ask->inactive` also
     * those that do not run: those that are wanted with their statistics, the
     * others with NULL, where it comes to know of them at all. False when
     * there was no answer: nothing is then known of any domain. Says so in the
     * log, once. */
    bool (*read)(void *context, const struct ask *ask, hypervisor_visit visit,
                 void *visit_context);

    /* The same for the domains that `ask->next` says, and no others. They are
     * looked up one by one: where libvirt holds on to a domain, such as one
     * that it is ending, it lists none. */
    bool (*read_known)(void *context, const struct ask *ask,
                       hypervisor_visit visit, void *visit_context);

    /* Visits all domains that run and are selected; asks no QEMU. False when
     * there was no answer. */
    bool (*read_busy)(void *context, hypervisor_visit_busy visit,
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

    /* STORAGE_UNKNOWN where the pool or the volume can't be found. With
     * `ret_path` also where it lies, to be freed; untouched where that can't be
     * told. */
    enum storage (*volume_storage)(void *context, const char *pool,
                                   const char *volume, char **ret_path);

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

    /* Which volume of which pool that is, both to be freed. False where it is
     * none of an active pool. */
    bool (*volume_at)(void *context, const char *path, char **ret_pool,
                      char **ret_volume);

    /* Whether the last call was on a connection that may set thresholds. */
    bool (*may_write)(void *context);

    /* Runs them in their order; all are for one domain. False where the
     * connection broke: then the rest is not done, and others should not be
     * tried. */
    bool (*run_errands)(void *context, struct errand *errands, size_t count);

    /* Of the host that the hypervisor runs on; NULL before the first
     * connection. Good until the next call. */
    const char *(*hostname)(void *context);

    /* True when that host is this one. */
    bool (*is_local)(void *context);

    /* Number of calls to the hypervisor so far. */
    uint64_t (*calls)(void *context);
};

/* These block, too, on storage that does not answer: all but the last. */
struct images {
    bool (*look)(const char *path, struct look *ret_look);
    uint64_t (*free_space)(const char *path);
    uint64_t (*place)(const char *path);
    const char *(*read)(const char *path, const char *format,
                        struct image *ret_image);
    const char *denied;  /* the reason of read() for want of permission ... */
    const char *missing; /* ... and where there is nothing */
};

#endif

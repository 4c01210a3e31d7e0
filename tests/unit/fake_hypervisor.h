/* SPDX-License-Identifier: MIT
 *
 * A hypervisor and images that exist on paper only, behind the tables of
 * hypervisor.h. They answer what a test has written into them, and count.
 */
#ifndef VIRT_BACKING_TESTS_FAKE_HYPERVISOR_H
#define VIRT_BACKING_TESTS_FAKE_HYPERVISOR_H

#include "hypervisor.h"

struct fake_domain {
    unsigned uuid; /* its number; the UUID ends in it */
    int id;
    const char *name;
    const char *xml;        /* NULL: the domain has just vanished, or ... */
    const char *xml_reason; /* ... its XML can't be had for this reason */
    const char *backup;     /* the backup's XML; NULL: none runs */
    struct sizes info;      /* all unknown: block_info fails */
    bool stuck;          /* its QEMU does not answer: who asks it hangs, ... */
    bool held;           /* ... and while he does the others get no sizes */
    double held_seconds; /* what libvirt says of that */
    struct job job;      /* of each of its disks */
    struct disk_error error; /* without a target: there is none */
    unsigned thresholds;     /* that were to be set so far */

    char *text; /* of fake_state(); the records point into it */
    struct blockstats stats;
};

/* NULL for `xml`: it has just vanished. */
struct fake_volume {
    const char *name;
    const char *path;
    const char *xml;
};

/* Without a name it is not active, or not selected: its volumes are found by
 * their paths alone. */
struct fake_pool {
    unsigned char uuid; /* its number; the UUID ends in it */
    const char *name;
    uint64_t capacity, allocation, available;
    const struct fake_volume *volumes;
    size_t volume_count;
};

struct fake_hypervisor {
    struct fake_domain *domains;
    size_t count;
    bool silent;    /* read() visits the domains, and then gives no answer */
    unsigned asked; /* domains, in the last read */
    bool local;
    const char *hostname;
    enum storage volume; /* what every storage volume is */

    const struct fake_pool *pools;
    size_t pool_count;
    bool pools_silent;   /* read_pools() visits them, and gives no answer; */
    bool volumes_silent; /* so does read_volumes() */

    const char *refusal;  /* why it sets no threshold; NULL: it does */
    bool readonly;        /* its connection may not set thresholds */
    unsigned errand_time; /* that those of a domain take, in microseconds */
    bool errands_silent;  /* none gets an answer */
    unsigned errands[ERRAND_THRESHOLD + 1]; /* that were run, by their kind */
    char threshold_target[ERRAND_TARGET_SIZE]; /* the last that was set */
    uint64_t threshold;

    /* Calls so far. */
    unsigned reads, reads_known, busy_reads, xmls, backups, infos, volumes;
    unsigned pool_reads, volume_lists, volume_xmls;
};

/* With `count` empty domains: numbered from 1, without name or statistics. */
void fake_start(struct fake_hypervisor *fake, size_t count);
void fake_stop(struct fake_hypervisor *fake);

/* The domain's statistics from then on (statstext.h). NULL: the driver has no
 * block statistics. */
void fake_state(struct fake_domain *domain, const char *stats);

struct hypervisor fake_table(struct fake_hypervisor *fake);

/* As the hypervisor names the domain. */
struct domain_ref fake_ref(struct fake_domain *domain);

struct fake_image {
    const char *path;
    struct look look;
    uint64_t free_space;
    struct image image;  /* what reading it gives, ... */
    const char *trouble; /* ... unless this is why it can't be read */
};

/* What fake_images finds from then on; without any, every image can be read
 * and tells nothing. Also sets both counts to 0. Not while a porter may be
 * reading. */
void fake_images_set(const struct fake_image *images, size_t count);

/* So long it takes to read the next one. */
void fake_images_slow(unsigned milliseconds);

unsigned fake_images_looks(void);
unsigned fake_images_reads(void);

/* The trouble of an image that may not be read. */
extern const char fake_denied[];

extern const struct images fake_images;

#endif

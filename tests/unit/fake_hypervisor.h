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

    char *text; /* of fake_state(); the records point into it */
    struct blockstats stats;
};

struct fake_hypervisor {
    struct fake_domain *domains;
    size_t count;
    bool silent; /* read() visits the domains, and then gives no answer */
    bool local;
    const char *hostname;
    enum storage volume; /* what every storage volume is */

    /* Calls so far. */
    unsigned reads, xmls, backups, infos, volumes;
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
};

/* What fake_images finds from then on. Also sets the count of looks to 0. */
void fake_images_set(const struct fake_image *images, size_t count);

unsigned fake_images_looks(void);

extern const struct images fake_images;

#endif

/* SPDX-License-Identifier: MIT
 *
 * Storage pools and their volumes. To the rest of the program a pool is a
 * domain that is off, and its volumes are the disks: chains of layers, read
 * now and then, that nobody writes to as far as is known.
 */
#ifndef VIRT_BACKING_POOLS_H
#define VIRT_BACKING_POOLS_H

#include "hypervisor.h"

struct pool {
    struct domain volumes; /* `uuid` and `name` are the pool's */
    char *instance;        /* name of its series (identity.h) */
    uint64_t capacity;     /* bytes */
    uint64_t allocation;
    uint64_t available;
    bool listed; /* false: its volumes could not be read */
};

struct pools {
    struct pool **pools;
    size_t count;
};

/* Reads all pools that are selected, and with `volumes` their volumes. What
 * lies below a volume is followed through other volumes, unless `local`: then
 * it is left to the images themselves. False when there was no answer, and
 * *ret_pools is as before. */
bool pools_read(struct pools *ret_pools, const struct hypervisor *hypervisor,
                bool volumes, bool local);

/* Puts a new reading in the place of the last one, and leaves it empty. With
 * `local` what is known of images is kept. */
void pools_replace(struct pools *pools, struct pools *fresh, bool local);

/* The volumes of the pool of that UUID, NULL where there is none. */
struct domain *pools_find(const struct pools *pools,
                          const unsigned char uuid[UUID_BYTES]);

void pools_clear(struct pools *pools);

#endif

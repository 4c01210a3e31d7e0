/* SPDX-License-Identifier: MIT
 *
 * What is known of the domains when a question is put: a copy that the worker
 * who asks it has for himself, so that the model belongs to one thread alone.
 */
#ifndef VIRT_BACKING_CENSUS_H
#define VIRT_BACKING_CENSUS_H

#include "hypervisor.h"

struct census_entry {
    unsigned char uuid[UUID_BYTES];
    int id;             /* of the run that its layout was made for */
    uint64_t name;      /* a hash */
    uint64_t signature; /* of the records that its layout was made for */
    size_t records;     /* of its last answer */
    bool runs;          /* as far as is known */
    bool arrived;       /* it has given sizes in this run */
    bool wanted;        /* it is to be asked */
    bool fit;           /* its layout may still be good */
};

struct census {
    struct census_entry *entries; /* sorted by UUID */
    size_t count;
    size_t room;
};

/* Forgets all, keeps the memory, and makes room for so many. False when memory
 * is short. */
bool census_start(struct census *census, size_t count);

/* NULL where it is not known. */
const struct census_entry *census_find(const struct census *census,
                                       const unsigned char uuid[UUID_BYTES]);

void census_clear(struct census *census);

#endif

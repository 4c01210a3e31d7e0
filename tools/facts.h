/* SPDX-License-Identifier: MIT
 *
 * What the RFC's XML has of an image beside its sizes: permissions, timestamps,
 * and the features of its format.
 */
#ifndef VIRT_BACKING_FACTS_H
#define VIRT_BACKING_FACTS_H

#include "host.h"
#include "images.h"

struct facts {
    bool seen; /* `status` is known */
    struct image_status status;
    unsigned version; /* of qcow2; 0: it is another format, or not known */
    bool lazy_refcounts;
    bool extended_l2;
};

/* Of all layers, disk by disk: those of disk number i begin at (*ret_first)[i].
 * To be freed, both. Of storage that hangs until the command's timeout is over
 * nothing is known, after a line on stderr. NULL when memory is short. */
struct facts *facts_gather(struct host *host, const struct disk *disks,
                           size_t count, size_t **ret_first);

#endif

/* SPDX-License-Identifier: MIT
 *
 * What the RFC's XML has of an image beside its sizes: permissions, timestamps,
 * and the features of its format; and what there is to know of the sizes of an
 * image that the hypervisor is silent about.
 */
#ifndef VIRT_BACKING_FACTS_H
#define VIRT_BACKING_FACTS_H

#include "host.h"
#include "images.h"

struct facts {
    bool seen; /* `status` is known */
    struct image_status status;
    struct look look;
    bool read; /* `image` is known, but for its texts */
    struct image image;
    char *pool; /* of the volume that it is, where that is asked and it is one;
                 * else NULL, as its name */
    char *volume;
};

/* A disk and what was found of its layers, one behind the other. */
struct known_disk {
    const struct disk *disk; /* NULL: none */
    bool volumes;            /* of which pools is asked */
    struct facts *facts;
};

/* Looks at all layers of the disks, and sets their `facts`, to be freed with
 * facts_free(). False when memory is short.
 * Of storage that hangs until the command's timeout is over nothing is known,
 * after a line on stderr; *ret_whole is then false, and the disks are in use
 * for ever. */
bool facts_gather(struct host *host, struct known_disk *disks, size_t count,
                  bool *ret_whole);

void facts_free(struct known_disk *disks, size_t count);

/* Sets the sizes of a layer that nobody writes to by what was found. */
void facts_settle(const struct facts *facts, struct layer *layer);

#endif

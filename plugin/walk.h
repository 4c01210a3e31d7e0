/* SPDX-License-Identifier: MIT
 *
 * Follows a backing chain through the images themselves, for domains that do
 * not run: of those the hypervisor knows the active layer alone.
 */
#ifndef VIRT_BACKING_WALK_H
#define VIRT_BACKING_WALK_H

#include "hypervisor.h"

/* libvirt's bound for the depth of a chain. */
#define WALK_DEPTH_MAX 200

struct link {
    char *path;           /* of a foreign one the name, as its parent has it */
    char *format;         /* as declared; NULL: it is not */
    enum storage storage; /* STORAGE_UNKNOWN: it can't be told, or the image is
                           * in the walk already */
    bool foreign;         /* its name is no local path: nobody looked for it */
    bool missing;         /* no image is there */
    struct look seen;
    struct image image;  /* with trouble, no more than `unsound` */
    const char *trouble; /* why the image was not read; not owned */
};

/* A chain from its active layer down. */
struct walk {
    struct link *links;
    size_t count;
};

/* Reads the image at `path` and, as far as `depth` goes (1: that image alone),
 * what it is based on. The walk ends at an image with trouble, and is still
 * good. A relative name is resolved against the image that it stands in, a
 * format is taken from that image's header and never guessed, and nothing but
 * local files and devices is opened. False when memory is short. */
bool walk_chain(const struct images *images, const char *path,
                const char *format, size_t depth, struct walk *ret_walk);

void walk_clear(struct walk *walk);

#endif

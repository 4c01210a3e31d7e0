/* SPDX-License-Identifier: MIT
 *
 * What the file systems of images have left, asked once in a pass for each
 * folder that images lie in.
 */
#ifndef VIRT_BACKING_FREESPACE_H
#define VIRT_BACKING_FREESPACE_H

#include "hypervisor.h"

struct freespace {
    struct freespace_entry *entries; /* one a folder */
    size_t count;
    size_t room;
};

/* Forgets the last pass, keeps the memory. */
void freespace_reset(struct freespace *freespace);

void freespace_clear(struct freespace *freespace);

/* Bytes that the layer's file system has left; SIZE_UNKNOWN for a layer that
 * is not a file which is seen and written to. */
uint64_t freespace_of(struct freespace *freespace, const struct images *images,
                      const struct layer *layer);

#endif

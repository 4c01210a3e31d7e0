/* SPDX-License-Identifier: MIT
 *
 * What the file systems of images have left, asked once in a pass for each
 * folder that images lie in.
 */
#ifndef VIRT_BACKING_FREESPACE_H
#define VIRT_BACKING_FREESPACE_H

#include "hypervisor.h"

struct freespace {
    struct freespace_entry *entries; /* a hash table, one a folder */
    size_t count;
    size_t room;
    unsigned long round; /* number of the current pass */
};

/* Forgets the last pass, keeps the memory. */
void freespace_reset(struct freespace *freespace);

void freespace_clear(struct freespace *freespace);

/* Bytes that a writer of that file finds free; SIZE_UNKNOWN for what is none.
 */
uint64_t freespace_of(struct freespace *freespace, const struct images *images,
                      const char *path, const struct look *seen);

#endif

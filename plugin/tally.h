/* SPDX-License-Identifier: MIT
 *
 * What all machines of a hypervisor together take of its storage, and what
 * their guests were promised. An image that several of them share, such as a
 * common base, is counted once.
 */
#ifndef VIRT_BACKING_TALLY_H
#define VIRT_BACKING_TALLY_H

#include "chain.h"

/* An image is in both sums, or left out of both. */
struct totals {
    uint64_t capacity;   /* of images that guests see: the active layers */
    uint64_t allocation; /* of all images; SIZE_UNKNOWN, as the one before,
                          * where all were left out */
    uint64_t images;     /* each once, with those that were left out: */
    uint64_t unsized;    /* images that were left out, their sizes not known */
};

/* The images of a pass. Starts zeroed, and keeps its memory for the next. */
struct tally {
    uint64_t *slots; /* a hash table of images, half of it empty at the least */
    size_t room;     /* a power of two, or 0 */
};

/* Images are the same by device and inode, where they were looked at; else by
 * path; else by what the XML calls them (layer.source). What names none of
 * these is an image of its own. False when memory is short. */
bool tally_count(struct tally *tally, struct domain *const *domains,
                 size_t count, struct totals *ret_totals);

void tally_clear(struct tally *tally);

#endif

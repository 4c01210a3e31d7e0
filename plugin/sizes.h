/* SPDX-License-Identifier: MIT
 *
 * From raw figures to the three values of the RFC.
 *
 * libvirt's own figures change their meaning from case to case: for a running
 * domain, "allocation" of the statistics is the highest offset that this QEMU
 * has written since its start (QMP query-blockstats, wr_highest_offset), and
 * "physical" is what QEMU calls actual-size (QMP query-named-block-nodes):
 * the blocks in use for a file, the size of the device for a device. The RFC
 * of 2014 and virDomainBlockInfo define other things: allocation is the host
 * storage in use (compare du), physical the size of the container (compare
 * ls, blockdev). The rules below say which raw figure is which value.
 */
#ifndef VIRT_BACKING_SIZES_H
#define VIRT_BACKING_SIZES_H

#include "chain.h"

/* True for formats whose image takes space as it is written to, however large
 * the disk in it. A format that is not known counts as growing: its end can't
 * be told from the size of its container. */
bool format_grows(const char *format);

/* Where it lies: the XML may call a device a file; what the host has there is
 * right. */
enum storage sizes_storage(const struct layer *layer);

/* A raw image is as long as the disk in it. */
bool sizes_is_raw(const struct layer *layer);

/* Sets layer->sizes and layer->rules, and layer->known where they are, from
 * `stated`, `seen` and `image`. Of a domain that does not run libvirt states
 * the active layer alone, and as the RFC has it. */
void sizes_settle(struct layer *layer, bool running);

/* Sets headroom and percent of a layer that is being written, from its sizes
 * and what its file system has left; both unknown for any other. headroom:
 * bytes that can still be written before ENOSPC in the worst case; the capacity
 * where the image can't run out. percent: allocation of physical on a block
 * device, of capacity in a file. A raw image on a block device can't grow: it
 * has neither. */
void sizes_derive(struct layer *layer);

/* False where it has neither, whoever knows: nobody writes to it, or it can't
 * grow. */
bool sizes_has_headroom(const struct layer *layer);

/* When an image on a block device is to be told of before it runs out: when
 * less than that is free of the device. 0: not by that measure. */
struct watermark {
    uint64_t free;    /* bytes */
    unsigned percent; /* of the device */
};

/* The offset in the device behind which an image is over the watermark; where
 * both measures are given, by that which is met first. SIZE_UNKNOWN where it
 * has none: it does not grow, does not lie on a block device, can't outgrow
 * it, or nobody knows. */
uint64_t sizes_watermark(const struct layer *layer,
                         const struct watermark *mark);

/* The block threshold to be set for that watermark. Those of this program end
 * where nobody else's do: so it knows its own again after it was started anew,
 * whatever the watermark was then. Writes are of whole sectors, and one that
 * goes beyond the watermark is met as well. */
uint64_t sizes_threshold(uint64_t watermark);

/* That block threshold was set by this program. */
bool sizes_threshold_is_own(uint64_t threshold);

/* Bytes that its storage has left for the image; SIZE_UNKNOWN. */
uint64_t sizes_room(const struct layer *layer);

/* QEMU has tried to write behind the end of its device. */
bool sizes_met_end(const struct layer *layer);

/* Bytes by which the image can grow; SIZE_UNKNOWN, SIZE_UNBOUNDED. */
uint64_t sizes_growth(const struct layer *layer);

/* All that the image can become fits there, however small or full it is. False
 * also where that is not known. */
bool sizes_fits(const struct layer *layer);

#endif

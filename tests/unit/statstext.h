/* SPDX-License-Identifier: MIT
 *
 * Block statistics from the text that "virsh domstats --block --backing"
 * prints, so that what was seen on a real host can be pasted into a test.
 */
#ifndef VIRT_BACKING_TESTS_STATSTEXT_H
#define VIRT_BACKING_TESTS_STATSTEXT_H

#include "blockstats.h"

/* Adds the parameters of each line "block.0.name=vda". Like libvirt, *.name
 * and *.path are texts and the rest are numbers; "text block.0.capacity=1" and
 * "number block.0.name=1" are of the type that they say. Other lines ("Domain:
 * 'vm1'", comments) are passed over. The records point into `text`, which is
 * written to. */
void statstext_read(struct blockstats *stats, char *text);

#endif

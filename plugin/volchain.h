/* SPDX-License-Identifier: MIT
 *
 * Follows a backing chain from storage volume to storage volume, where the
 * images themselves can't be read: behind a remote connection.
 */
#ifndef VIRT_BACKING_VOLCHAIN_H
#define VIRT_BACKING_VOLCHAIN_H

#include "hypervisor.h"
#include "volxml.h"

/* Appends to the disk, below its last layer, the volumes that `backing` leads
 * to, as far as they are in pools that are active, and says whether that is
 * where the chain ends. */
void volchain_follow(const struct hypervisor *hypervisor, struct disk *disk,
                     const struct volume_backing *backing);

/* The same for a disk of which its own layers alone are known, by path. */
void volchain_complete(const struct hypervisor *hypervisor, struct disk *disk);

#endif

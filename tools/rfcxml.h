/* SPDX-License-Identifier: MIT
 *
 * libvirt's XML of a domain and of a storage volume, completed as the RFC
 * proposes (chain.h says which): capacity, allocation and physical of every
 * image, permissions, timestamps, and the features of its format. What is not
 * known is left out.
 */
#ifndef VIRT_BACKING_RFCXML_H
#define VIRT_BACKING_RFCXML_H

#include "facts.h"

#include <libxml/tree.h>

/* Whether XML and model tell of the same images, by libvirt's indexes: a job
 * that ended between the two readings changes chains. */
bool rfcxml_fits_domain(const xmlDoc *doc, const struct disk *disks,
                        size_t count);

/* Completes each <disk> of the domain's XML. `below` are the images below the
 * mirrors of the same disks, where libvirt names any. False when the XML can't
 * be understood, or memory is short. */
bool rfcxml_complete_domain(xmlDoc *doc, const struct known_disk *disks,
                            const struct known_disk *below, size_t count);

/* Completes the XML of a volume of that pool, with its whole chain. What lies
 * in the same pool is a plain <backingStore>, as libvirt has it; else it has a
 * type. As above. */
bool rfcxml_complete_volume(xmlDoc *doc, const char *pool,
                            const struct known_disk *volume);

#endif

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

/* A disk of the model and what is known of its layers, one behind the other. */
struct rfcxml_disk {
    const struct disk *disk;
    const struct facts *facts;
};

/* Whether XML and model tell of the same images, by libvirt's indexes: a job
 * that ended between the two readings changes chains. */
bool rfcxml_fits_domain(const xmlDoc *doc, const struct disk *disks,
                        size_t count);

/* Completes each <disk> of the domain's XML. False when the XML can't be
 * understood, or memory is short. */
bool rfcxml_complete_domain(xmlDoc *doc, const struct rfcxml_disk *disks,
                            size_t count);

/* Completes a volume's XML, with its whole chain. As above. */
bool rfcxml_complete_volume(xmlDoc *doc, const struct rfcxml_disk *volume);

#endif

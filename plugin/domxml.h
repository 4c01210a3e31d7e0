/* SPDX-License-Identifier: MIT
 *
 * What libvirt's XML says of a domain's images: https://libvirt.org, formats
 * "domain" (disks, backingStore, mirror) and "backup". Parsed from memory; the
 * size is bounded here and the depth by libxml2 (256 elements in one another;
 * libvirt's chains end at 200), document types and with them entities are
 * refused, nothing is loaded from elsewhere.
 */
#ifndef VIRT_BACKING_DOMXML_H
#define VIRT_BACKING_DOMXML_H

#include "chain.h"

/* libvirt's RPC carries texts of 4 MiB at the most. */
#define DOMXML_SIZE_MAX (8u << 20)

/* Where to find a name in the domain's metadata: the element of the namespace
 * `ns` under <metadata>, and in it the text or attribute that `xpath` gives.
 * As virDomainGetMetadata does, elements of `ns` are taken without it, so that
 * the expression needs no prefixes. */
struct metadata_query {
    const char *ns;
    const char *xpath;
};

/* Replaces the domain's id, disks and metadata by what the domain XML says. A
 * disk without a source (an empty drive) has no layers. `query` may be NULL.
 * False when the XML can't be understood or memory is short; the domain is
 * then as before. */
bool domxml_read(const char *xml, const struct metadata_query *query,
                 struct domain *domain);

/* Adds a disk for each that is being mirrored, with the images below the mirror
 * as layers: a shallow copy has some, and libvirt's statistics are silent about
 * them. False as above; disks that were added so far stay. */
bool domxml_read_below_mirrors(const char *xml, struct domain *domain);

/* Adds the image of each disk in the backup's XML (virDomainBackupGetXMLDesc)
 * as a layer of role scratch. False as above; layers that were added so far
 * stay. */
bool domxml_read_backup(const char *xml, struct domain *domain);

#endif

/* SPDX-License-Identifier: MIT
 *
 * What libvirt's XML says of a storage volume: https://libvirt.org, format
 * "storage volume". Parsed like a domain's (domxml.h).
 */
#ifndef VIRT_BACKING_VOLXML_H
#define VIRT_BACKING_VOLXML_H

#include "chain.h"

#define VOLXML_SIZE_MAX (1u << 20)

/* U+FFFD, which XML can hold, and which means what it is here for. */
#define VOLXML_REPLACEMENT "\xef\xbf\xbd"

struct _xmlDoc; /* libxml2's xmlDoc */

/* What a volume is based on. */
struct volume_backing {
    char *path;   /* NULL: on nothing */
    char *format; /* NULL: not said */
};

/* The document, to be freed. What XML can't hold (libvirt writes the bytes of
 * names as they are) becomes VOLXML_REPLACEMENT; *ret_mended tells whether
 * there was any. NULL when it can't be understood, or memory is short. */
struct _xmlDoc *volxml_parse(const char *xml, bool *ret_mended);

/* Appends to the disk a layer for the volume: storage, format, path, and its
 * sizes as stated. *ret_backing is what lies below it, to be freed. Names that
 * XML can't hold make no difference, but a path with such bytes is not known.
 * False when the XML can't be understood or memory is short. */
bool volxml_read(const char *xml, struct disk *disk,
                 struct volume_backing *ret_backing);

void volume_backing_clear(struct volume_backing *backing);

#endif

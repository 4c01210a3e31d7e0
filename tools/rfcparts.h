/* SPDX-License-Identifier: MIT
 *
 * What a domain's and a volume's completed XML have in common (rfcxml.h). The
 * functions that write are false when memory is short; what is not known, or
 * XML can't hold, is left out.
 */
#ifndef VIRT_BACKING_RFCPARTS_H
#define VIRT_BACKING_RFCPARTS_H

#include "facts.h"

#include <libxml/tree.h>

/* Where the next element goes. */
struct spot {
    xmlNode *parent;
    xmlNode *after; /* NULL: at the parent's beginning */
};

/* Behind the last child of the parent. */
struct spot rfcparts_at_end(xmlNode *parent);

/* The first child element of that name, to be changed; NULL: there is none. */
xmlNode *rfcparts_child(const xmlNode *node, const char *name);

/* Removes it. */
void rfcparts_drop(xmlNode *parent, const char *name);

/* XML has no control characters, and is UTF-8. */
bool rfcparts_can_be_written(const char *text);

/* An element; the next one goes behind it. */
bool rfcparts_put(struct spot *spot, const char *name);
bool rfcparts_put_text(struct spot *spot, const char *name, const char *text);
bool rfcparts_set_attribute(xmlNode *node, const char *name, const char *value);

/* <capacity>, <allocation> and <physical> */
bool rfcparts_put_sizes(struct spot *spot, const struct layer *layer);

/* <permissions> and <timestamps> */
bool rfcparts_put_status(struct spot *spot, const struct facts *facts);

/* <compat> and <features>, as libvirt's volume XML has them: for version 2 of
 * qcow2 (compat 0.10) neither. */
bool rfcparts_put_features(struct spot *spot, const struct facts *facts);

bool rfcparts_put_format(struct spot *spot, const struct layer *layer);

#endif

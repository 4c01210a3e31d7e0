/* SPDX-License-Identifier: MIT
 *
 * The few steps through a libxml2 tree that the XML readers share.
 */
#ifndef VIRT_BACKING_XMLTREE_H
#define VIRT_BACKING_XMLTREE_H

#include "cleanup.h"

#include <libxml/tree.h>
#include <stdbool.h>
#include <stddef.h>

static inline void cleanup_doc(xmlDoc **doc)
{
    if (*doc != NULL)
        xmlFreeDoc(*doc);
}

#define CLEANUP_DOC __attribute__((cleanup(cleanup_doc)))

/* The document, when it is well-formed, not longer than `limit`, without a
 * document type, and its root element is named `root`; else NULL. Silent. */
xmlDoc *xmltree_parse(const char *xml, size_t limit, const char *root);

/* The first child element of that name, or NULL. */
const xmlNode *xmltree_child(const xmlNode *node, const char *name);

/* The next sibling element of that name, or NULL. */
const xmlNode *xmltree_next(const xmlNode *node, const char *name);

bool xmltree_has(const xmlNode *node, const char *attribute);

/* The attribute's value, to be freed; NULL where there is none. */
char *xmltree_attribute(const xmlNode *node, const char *name);

/* The same of the first child element named `child`. */
char *xmltree_child_attribute(const xmlNode *node, const char *child,
                              const char *name);

/* The element's text without white space around it, to be freed; NULL where
 * there is none. */
char *xmltree_text(const xmlNode *node);

#endif

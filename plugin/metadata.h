/* SPDX-License-Identifier: MIT
 *
 * One text out of a domain's <metadata>, by namespace and XPath.
 */
#ifndef VIRT_BACKING_METADATA_H
#define VIRT_BACKING_METADATA_H

#include <libxml/tree.h>
#include <stdbool.h>

/* See struct metadata_query. NULL where there is no such element, or the
 * expression does not give a single, non-empty text. To be freed. */
char *metadata_read(const xmlNode *root, const char *ns, const char *xpath);

/* False where the expression can't be parsed, or can't be evaluated: tried
 * once, on an empty document. What lies behind a step that finds nothing there
 * is parsed, but not evaluated. */
bool metadata_is_xpath(const char *xpath);

#endif

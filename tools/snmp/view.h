/* SPDX-License-Identifier: MIT
 *
 * The rows by OID: what GET and GETNEXT want. An OID is told by what follows
 * virtBackingObjects in it: 1.0 is virtBackingLayers, 2.1.COLUMN.INDEX a cell
 * of virtBackingLayerTable.
 *
 * `rows` NULL: nothing is known, and there are no instances at all.
 */
#ifndef VIRT_BACKING_SNMP_VIEW_H
#define VIRT_BACKING_SNMP_VIEW_H

#include "rows.h"

#include <stdbool.h>

typedef unsigned long subid; /* net-snmp's oid */

#define SUFFIX_MAX (3 + KEY_MAX)

/* False: there is no such instance. The cell's text is that of the rows. */
bool view_get(const struct rows *rows, const subid *suffix, size_t length,
              struct cell *ret_cell);

/* The first instance behind that OID, which need not be one. False: there is
 * none. */
bool view_next(const struct rows *rows, const subid *suffix, size_t length,
               subid ret_suffix[SUFFIX_MAX], size_t *ret_length,
               struct cell *ret_cell);

#endif

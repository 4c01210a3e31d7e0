/* SPDX-License-Identifier: MIT
 *
 * From the model to collectd: what is known becomes value lists.
 */
#ifndef VIRT_BACKING_EMIT_H
#define VIRT_BACKING_EMIT_H

#include "collector.h"
#include "settings.h"

#define PLUGIN_NAME "virt_backing"

/* Dispatches all series of a pass that took `seconds`. Nothing is dispatched
 * for a value that is not known. */
void emit_inventory(const struct inventory *inventory,
                    enum layer_format layer_format, double seconds);

/* Registers with collectd each type that this plugin needs, the stock types.db
 * lacks and no types file gave. The types are those of
 * types.db.d/virt_backing.db. False when collectd refuses one. */
bool emit_register_types(void);

#endif

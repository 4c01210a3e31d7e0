/* SPDX-License-Identifier: MIT
 *
 * From collectd's configuration tree to settings.
 */
#ifndef VIRT_BACKING_CONFIG_TREE_H
#define VIRT_BACKING_CONFIG_TREE_H

#include "log.h"
#include "settings.h"

#include <liboconfig/oconfig.h>

/* Applies a <Plugin virt_backing> block. Each option that is unknown or has a
 * bad value is one error in the log, and makes the result false. */
bool config_tree_apply(const oconfig_item_t *block, struct settings *settings,
                       const struct log *log);

#endif

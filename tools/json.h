/* SPDX-License-Identifier: MIT
 *
 * The inventory as one JSON document, of the form that virt-backing.schema.json
 * has. What is not known is not there.
 */
#ifndef VIRT_BACKING_JSON_H
#define VIRT_BACKING_JSON_H

#include "collector.h"

#include <stdio.h>

/* `whole`: all that was asked was answered. False when memory is short, or it
 * can't be written. */
bool json_print(FILE *out, const struct inventory *inventory, bool whole);

#endif

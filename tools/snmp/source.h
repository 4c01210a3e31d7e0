/* SPDX-License-Identifier: MIT
 *
 * The file that the plugin writes, and its rows as they are now.
 */
#ifndef VIRT_BACKING_SNMP_SOURCE_H
#define VIRT_BACKING_SNMP_SOURCE_H

#include "rows.h"

#include <stdbool.h>

struct source;

/* `path` and `say` must outlive it. `say` is told when the file can be read,
 * and when it can't be any more, and why. NULL when memory is short. */
struct source *source_new(const char *path, void (*say)(const char *line));

/* Takes NULL. */
void source_free(struct source *source);

/* Reads the file where it is another one than before. NULL where there is none,
 * or none that holds: then nothing is known. Good until the next call. */
const struct rows *source_rows(struct source *source);

#endif
